"""Searches over a table of conditional probabilities, checked by enumeration."""

import itertools

import pytest
import torch

from baselines.left_to_right_search import Alphabet, beam_search, sample

START, END, PAD = 0, 1, 2
VOCAB = 6
ALPHABET = Alphabet(START, END, PAD, torch.tensor([START, PAD]))


class TableStepper:
    """Logits that are a hash of the source and of all tokens so far: no cache can be wrong."""

    def __init__(self, sources, per_source):
        self.source = [s for s in sources for _ in range(per_source)]
        self.per_source = per_source
        self.prefixes = [()] * len(self.source)
        self.calls, self.widths = 0, []

    def step(self, tokens):
        self.calls += 1
        self.widths.append(len(tokens))
        self.prefixes = [(*p, t) for p, t in zip(self.prefixes, tokens.tolist(), strict=True)]
        return torch.stack([logits(s, p) for s, p in zip(self.source, self.prefixes, strict=True)])

    def reorder(self, rows):
        chosen = rows.tolist()
        assert all(self.source[r] == s for r, s in zip(chosen, self.source, strict=True))
        self.prefixes = [self.prefixes[r] for r in chosen]

    def keep(self, sources):
        rows = [s * self.per_source + k for s in sources.tolist() for k in range(self.per_source)]
        self.source = [self.source[r] for r in rows]
        self.prefixes = [self.prefixes[r] for r in rows]


def logits(source, prefix):
    generator = torch.Generator().manual_seed(hash((source, prefix)) % 2**31)
    return 2.0 * torch.randn(VOCAB, generator=generator)


def log_p(source, sequence):
    """The definition: the sum of the logarithms, forbidden ids left out."""
    total, prefix = 0.0, (START,)
    for token in sequence:
        scores = logits(source, prefix)
        scores[[START, PAD]] = -torch.inf
        total += float(scores.log_softmax(-1)[token])
        prefix += (token,)
    return total


def all_sequences(max_length):
    """Every ended sequence, and every unended one of the full length."""
    words = [t for t in range(VOCAB) if t not in (START, END, PAD)]
    for length in range(max_length):
        for body in itertools.product(words, repeat=length):
            yield (*body, END)
    yield from itertools.product(words, repeat=max_length)


def trimmed(row):
    row = row.tolist()
    return tuple(row[: row.index(END) + 1] if END in row else [t for t in row if t != PAD])


def run_beam(sources, beam, max_length, penalty=0.0):
    stepper = TableStepper(sources, beam)
    found = beam_search(
        stepper,
        ALPHABET,
        sources=len(sources),
        beam=beam,
        max_length=max_length,
        length_penalty=penalty,
        device=torch.device("cpu"),
    )
    return found, stepper


def run_sample(sources, u, temperature=1.0, top_p=1.0, on_step=None):
    stepper = TableStepper(sources, u.size(1))
    found = sample(stepper, ALPHABET, u, temperature=temperature, top_p=top_p, on_step=on_step)
    return found, stepper


@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_a_full_beam_finds_the_best_of_all(penalty):
    sources, max_length, beam = [11, 12, 13], 4, 200
    found, _ = run_beam(sources, beam, max_length, penalty)
    for index, source in enumerate(sources):
        ended = [s for s in all_sequences(max_length) if s[-1] == END]
        ranked = sorted(ended, key=lambda s: -log_p(source, s) / len(s) ** penalty)
        for place in range(3):
            assert trimmed(found.tokens[index, place]) == ranked[place]
            expected = log_p(source, ranked[place])
            assert float(found.logprob[index, place]) == pytest.approx(expected, abs=1e-5)


def test_a_full_beam_lists_everything_ended_first():
    found, _ = run_beam([5], 200, 3)
    rows = [trimmed(row) for row in found.tokens[0]]
    everything = set(all_sequences(3))
    listed = rows[: len(everything)]
    assert set(listed) == everything
    ended = [row[-1] == END for row in listed]
    assert ended == sorted(ended, reverse=True)


def test_a_beam_of_one_is_greedy():
    sources = list(range(40))
    found, _ = run_beam(sources, 1, 8)
    greedy, _ = run_sample(sources, torch.zeros(40, 1, 8, dtype=torch.float64), temperature=0.0)
    assert torch.equal(found.tokens, greedy.tokens)
    torch.testing.assert_close(found.logprob, greedy.logprob)


@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.0])
def test_a_beam_does_not_hang_on_the_other_sources(penalty):
    sources = list(range(20))
    together, stepper = run_beam(sources, 3, 10, penalty)
    for index, source in enumerate(sources):
        alone, _ = run_beam([source], 3, 10, penalty)
        assert torch.equal(alone.tokens[0], together.tokens[index])
    if penalty == 0:  # others reward length, so that few are done before the canvas is full
        assert stepper.widths[-1] < stepper.widths[0], "sources that are done must leave"


def test_the_best_of_a_beam_comes_first():
    found, _ = run_beam([1, 2, 3], 4, 6, penalty=1.0)
    for source in range(3):
        lengths = [len(trimmed(row)) for row in found.tokens[source]]
        scores = [float(p) / n for p, n in zip(found.logprob[source], lengths, strict=True)]
        ended = [trimmed(row)[-1] == END for row in found.tokens[source]]
        pairs = list(zip([not e for e in ended], [-s for s in scores], strict=True))
        assert pairs == sorted(pairs)


def test_samples_invert_the_cumulative_distribution():
    u = torch.rand(3, 2, 5, dtype=torch.float64)
    found, _ = run_sample([7, 8, 9], u)
    for source in range(3):
        for k in range(2):
            prefix, total = (START,), 0.0
            for position in range(5):
                scores = logits(7 + source, prefix).double()
                scores[[START, PAD]] = -torch.inf
                p = scores.softmax(-1)
                token = int((p.cumsum(0) <= u[source, k, position]).sum())
                total += float(p[token].log())
                prefix += (token,)
                if token == END:
                    break
            assert trimmed(found.tokens[source, k]) == prefix[1:]
            assert float(found.logprob[source, k]) == pytest.approx(total, abs=1e-5)


def test_the_number_of_candidates_and_the_batch_do_not_matter():
    u = torch.rand(30, 4, 9, dtype=torch.float64)
    many, stepper = run_sample(range(30), u, temperature=0.8, top_p=0.9)
    few, _ = run_sample(range(30), u[:, :2], temperature=0.8, top_p=0.9)
    alone, _ = run_sample([17], u[17:18], temperature=0.8, top_p=0.9)
    assert torch.equal(few.tokens, many.tokens[:, :2])
    assert torch.equal(alone.tokens[0], many.tokens[17])
    assert stepper.widths[-1] < stepper.widths[0], "sources that are done must leave"


def test_ended_rows_do_not_change_and_nothing_is_decoded_in_vain():
    u = torch.rand(6, 2, 12, dtype=torch.float64)
    seen = []
    found, stepper = run_sample(range(6), u, on_step=lambda i, x: seen.append(x.clone()))
    for row, final in enumerate(found.tokens.flatten(0, 1)):
        end = len(trimmed(final))
        assert all(torch.equal(state[row], final) for state in seen[end - 1 :])
        assert (final[end:] == PAD).all()
    longest = max(len(trimmed(row)) for row in found.tokens.flatten(0, 1))
    assert stepper.calls == longest == len(seen)


def test_a_sequence_that_does_not_end_is_cut():
    u = torch.full((1, 1, 3), 0.999, dtype=torch.float64)
    found, stepper = run_sample([3], u)
    assert found.tokens.shape == (1, 1, 3) and stepper.calls <= 3


def run_diverse(sources, beam, max_length, groups, diversity, penalty=0.0):
    return beam_search(
        TableStepper(sources, beam),
        ALPHABET,
        sources=len(sources),
        beam=beam,
        max_length=max_length,
        length_penalty=penalty,
        device=torch.device("cpu"),
        groups=groups,
        diversity=diversity,
    )


def next_log_p(source, prefix):
    scores = logits(source, prefix)
    scores[[START, PAD]] = -torch.inf
    return scores.log_softmax(-1).tolist()


def diverse_by_hand(source, width, groups, diversity, max_length, penalty):
    """The definition with lists: groups in turn, each pays for the tokens of those before it."""
    live = [[(0.0, 0.0, (START,))] for _ in range(groups)]
    pools = [[] for _ in range(groups)]
    done = [False] * groups
    for position in range(max_length):
        norm, taken = (position + 1) ** penalty, []
        for group in range(groups):
            options = []
            for score, total, tokens in live[group]:
                for token, gained in enumerate(next_log_p(source, tokens)):
                    if gained > -1e30:
                        cost = 0.0 if token == END else diversity * taken.count(token)
                        options.append((score + gained - cost, total + gained, (*tokens, token)))
            options.sort(key=lambda option: -option[0])
            if not done[group]:
                ended = [o for o in options[:width] if o[2][-1] == END]
                pools[group] += [(s / norm, p / norm, p, t[1:]) for s, p, t in ended]
                pools[group] = sorted(pools[group], key=lambda e: -e[0])[:width]
            live[group] = [o for o in options if o[2][-1] != END][:width]
            full = len(pools[group]) == width
            if full and pools[group][-1][0] >= live[group][0][0] / norm:
                done[group] = True
            if not done[group]:
                taken += [tokens[-1] for _, _, tokens in live[group]]
        if all(done):
            break
    listed = []
    for group in range(groups):
        rest = width - len(pools[group])
        listed += [(0, *entry[1:]) for entry in pools[group]]
        listed += [(1, p / norm, p, t[1:]) for _, p, t in live[group][:rest]]
    listed.sort(key=lambda entry: (entry[0], -entry[1]))
    return [entry[3] for entry in listed], [entry[2] for entry in listed]


@pytest.mark.parametrize(
    ("groups", "width", "diversity", "penalty"),
    [(1, 3, 0.7, 1.0), (3, 1, 0.7, 1.0), (2, 2, 1.5, 0.0), (3, 2, 20.0, 0.6), (2, 3, 0.0, 1.0)],
)
def test_diverse_beam_search_is_its_definition(groups, width, diversity, penalty):
    sources = list(range(12))
    found = run_diverse(sources, groups * width, 6, groups, diversity, penalty)
    for index, source in enumerate(sources):
        texts, totals = diverse_by_hand(source, width, groups, diversity, 6, penalty)
        assert [trimmed(row) for row in found.tokens[index]] == texts
        assert found.logprob[index].tolist() == pytest.approx(totals, abs=1e-5)


def test_without_diversity_the_groups_are_copies_of_a_narrow_beam():
    sources = list(range(10))
    found = run_diverse(sources, 6, 7, 3, 0.0, penalty=1.0)
    narrow, _ = run_beam(sources, 2, 7, penalty=1.0)
    assert torch.equal(found.tokens, narrow.tokens.repeat_interleave(3, dim=1))


def test_one_group_is_beam_search_whatever_the_diversity():
    sources = list(range(10))
    found = run_diverse(sources, 4, 7, 1, 9.0)
    plain, _ = run_beam(sources, 4, 7)
    assert torch.equal(found.tokens, plain.tokens)


def test_a_group_takes_another_token_when_the_price_is_above_the_gap():
    class OneTable(TableStepper):
        def step(self, tokens):
            super().step(tokens)
            # Token 3 leads token 4 by 1 nat; the end is far away.
            return torch.tensor([-9.0, -9.0, -9.0, 1.0, 0.0, -3.0]).expand(len(tokens), -1)

    def two(diversity):
        found = beam_search(
            OneTable([0], 2), ALPHABET, sources=1, beam=2, max_length=2, length_penalty=1.0,
            device=torch.device("cpu"), groups=2, diversity=diversity,
        )  # fmt: skip
        return [row.tolist() for row in found.tokens[0]]

    assert two(0.9) == [[3, 3], [3, 3]]
    assert two(1.1) == [[3, 3], [4, 4]]


def test_diverse_groups_do_not_hang_on_the_other_sources():
    sources = list(range(20))
    together = run_diverse(sources, 4, 10, 2, 0.8)
    for index, source in enumerate(sources):
        alone = run_diverse([source], 4, 10, 2, 0.8)
        assert torch.equal(alone.tokens[0], together.tokens[index])
