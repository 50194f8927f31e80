"""The benchmark's vocabulary as a fairseq dictionary: same ids, same marks."""

from fairseq.data import Dictionary

from benchmark.api import Tokenizer


class TokenizerDictionary(Dictionary):  # type: ignore[misc]
    """Ids of a `Tokenizer`, one symbol each.

    fairseq has no mask of its own: its non-autoregressive models write `unk` where a token is
    to be found. So `unk` is the mask here, and unknown words are ordinary symbols.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(add_special_symbols=False)
        for number in range(tokenizer.vocab_size):
            self.add_symbol(str(number))
        self.bos_index, self.pad_index = tokenizer.bos_id, tokenizer.pad_id
        self.eos_index, self.unk_index = tokenizer.eos_id, tokenizer.mask_id
        self.bos_word, self.pad_word, self.eos_word, self.unk_word = (
            str(number)
            for number in (self.bos_index, self.pad_index, self.eos_index, self.unk_index)
        )
        self.nspecial = 0
