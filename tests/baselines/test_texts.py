from baselines.texts import encode_sources, encode_targets, never_generated, read_candidate


def test_sources_are_cut_and_ended(resources):
    tokenizer = resources.tokenizer
    encoded = encode_sources(tokenizer, ["red blue", "red red red red", ""], 4)
    red, blue = tokenizer.encode("red blue")
    eos, pad = tokenizer.eos_id, tokenizer.pad_id
    assert encoded.ids == [[red, blue, eos], [red, red, red, eos], [eos]]
    assert encoded.truncated == [False, True, False]
    assert encoded.padded(pad).tolist()[2] == [eos, pad, pad, pad]
    assert encoded.padded(pad, 5).shape == (3, 5)


def test_a_cut_target_has_no_end(resources):
    tokenizer = resources.tokenizer
    encoded = encode_targets(tokenizer, ["red red", "red red red"], 3)
    (red,) = tokenizer.encode("red")
    assert encoded.ids == [[red, red, tokenizer.eos_id], [red, red, red]]
    assert encoded.truncated == [False, True]


def test_what_follows_the_first_end_is_no_text(resources):
    tokenizer = resources.tokenizer
    red, blue = tokenizer.encode("red blue")
    eos, pad = tokenizer.eos_id, tokenizer.pad_id

    def read(ids, **more):
        candidate = read_candidate(tokenizer, ids, **{"truncated": False} | more)
        return candidate.text, candidate.status

    assert read([red, eos, blue, pad]) == ("red", "ok")
    assert read([red, blue]) == ("red blue", "unfinished")
    assert read([red, blue], finished=True) == ("red blue", "ok")
    assert read([red, eos], truncated=True) == ("red", "truncated")
    assert read([eos, red], truncated=True) == ("", "empty")


def test_marks_are_never_generated_but_ends_are(resources):
    tokenizer = resources.tokenizer
    banned = never_generated(tokenizer)
    assert tokenizer.mask_id in banned and tokenizer.bos_id in banned
    assert not {tokenizer.eos_id, tokenizer.pad_id, tokenizer.unk_id} & set(banned)
