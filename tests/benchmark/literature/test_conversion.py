"""From collected rows to figures, on lines of each kind."""

from __future__ import annotations

import pytest

from benchmark.literature.__main__ import main
from benchmark.literature.conversion import PIECES, SENTENCE_BLEU, SWAPPED_BLEU, convert
from benchmark.literature.published_figures import NOT_OURS, parse

HEAD = "task,system,metric,value,scale,reading,source\n"
ORIGINAL = "DiffuSeq arXiv 2210.08933 (ICLR'23) Table 1"
FOLLOW_UP = "SeqDiffuSeq arXiv 2212.10325 Table 1 (values /100)"


def only(task, system, metric, value, source, reading="table"):
    (figure,) = convert(f"{HEAD}{task},{system},{metric},{value},,{reading},{source}\n")
    return figure


def test_the_number_of_candidates_leaves_the_name():
    mbr = only("qqp", "DiffuSeq(MBR10)", "BLEU", 0.2413, ORIGINAL)
    assert (mbr.system, mbr.statistic, mbr.candidates) == ("DiffuSeq", "mbr", 10)
    assert (mbr.scale, mbr.test_sources, mbr.value) == (SENTENCE_BLEU, 2500, 0.2413)
    single = only("wiki_auto", "DiffuSeq(MBR1)", "BLEU", 0.2989, FOLLOW_UP)
    assert (single.system, single.statistic, single.candidates) == ("DiffuSeq", "single", 1)
    assert single.source == "SeqDiffuSeq arXiv 2212.10325 Table 1"
    latent = only("qqp", "LD4LG(BART) MBR5", "ROUGE-L", 0.611, "LD4LG arXiv 2212.09462 Table 6")
    assert (latent.system, latent.candidates, latent.scale) == ("LD4LG(BART)", 5, NOT_OURS)


@pytest.mark.parametrize(
    ("system", "metric", "source", "scale"),
    [
        ("NAR-LevT", "BLEU", ORIGINAL, SENTENCE_BLEU),
        ("NAR-LevT", "self-BLEU", ORIGINAL, f"self_bleu:case=lower,form=published,{PIECES}"),
        ("NAR-LevT", "BERTScore", ORIGINAL, NOT_OURS),
        ("NAR-LevT", "Len", ORIGINAL, NOT_OURS),
        ("Meta-DiffuB", "BLEU", "Meta-DiffuB arXiv 2410.13201 Table 2", SWAPPED_BLEU),
        ("RDM-absorbing", "BLEU", "RDM 2302.05737 as quoted in Meta-DiffuB", SWAPPED_BLEU),
        ("TESS (re-run)", "BLEU", "Meta-DiffuB arXiv 2410.13201 Table 7", NOT_OURS),
        ("DiNoiSer LB10", "BLEU", "DINOISER arXiv 2302.10025 Table 3", NOT_OURS),
        ("Difformer", "corpus-BLEU", "github zhjgao/difformer README.md", NOT_OURS),
        ("Difformer", "ROUGE-L", "github zhjgao/difformer README.md", NOT_OURS),
        ("FlowLM few-step", "BLEU", "wizwand.com page for FlowLM", NOT_OURS),
    ],
)
def test_the_scale_is_that_of_the_script(system, metric, source, scale):
    figure = only("qqp", system, metric, 0.2, source)
    assert figure.scale == scale
    assert bool(figure.note) or scale != NOT_OURS


@pytest.mark.parametrize(
    ("system", "source", "reading", "expected"),
    [
        ("DiffuSeq(MBR3)", "DiffuSeq Fig.3", "figure, by eye", "by eye"),
        ("Transformer(pre-camera-ready)", FOLLOW_UP, "table", "superseded"),
        ("FastDiSS", "wizwand.com page for FastDiSS", "table", "secondary"),
        ("BG-DiffuSeq", "Meta-DiffuB arXiv 2410.13201 Table 7", "table", "quoted"),
        ("SeqDiffuSeq(MBR1)", FOLLOW_UP, "table", "table"),
    ],
)
def test_how_it_was_read(system, source, reading, expected):
    assert only("qqp", system, "BLEU", 0.2, source, f'"{reading}"').reading == expected


def test_a_repeated_figure_stands_with_its_first_source_and_a_changed_one_beside_it():
    rows = [
        ("qqp", FOLLOW_UP, 0.2413), ("qg", FOLLOW_UP, 0.1701),
        ("qqp", ORIGINAL, 0.2413), ("qg", ORIGINAL, 0.1731),
    ]  # fmt: skip
    text = "".join(f"{task},DiffuSeq(MBR10),BLEU,{v},,table,{source}\n" for task, source, v in rows)
    found = [(f.task, f.source.split()[0], f.value) for f in convert(HEAD + text)]
    assert found == [
        ("qqp", "DiffuSeq", 0.2413), ("qg", "DiffuSeq", 0.1731), ("qg", "SeqDiffuSeq", 0.1701),
    ]  # fmt: skip


def test_one_place_with_two_values_is_refused():
    lines = "".join(f"qqp,NAR-LevT,BLEU,{value},,table,{ORIGINAL}\n" for value in (0.2, 0.3))
    with pytest.raises(ValueError, match="NAR-LevT, BLEU has two values"):
        convert(HEAD + lines)


def test_the_command_writes_the_file_into_every_folder(tmp_path, capsys):
    collected = tmp_path / "collected.csv"
    collected.write_text(f"{HEAD}qqp,NAR-LevT,BLEU,0.2268,,table,{ORIGINAL}\n")
    assert main([str(collected), str(tmp_path / "one"), str(tmp_path / "two")]) == 0
    texts = {(tmp_path / name / "published.csv").read_text() for name in ("one", "two")}
    (figure,) = parse(texts.pop())
    assert (figure.system, figure.value, texts) == ("NAR-LevT", 0.2268, set())
    collected.write_text(f"{HEAD}qqp,NAR-LevT,BLEU,22.68,,table,{ORIGINAL}\n")
    assert main([str(collected), str(tmp_path)]) == 2
    assert "out of its range" in capsys.readouterr().err
