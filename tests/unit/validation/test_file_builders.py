"""Builders of the rules of files."""

from __future__ import annotations

import doctest
from collections.abc import Iterator

import pytest

from securely.validation import Rule
from securely.validation.builders import files
from securely.validation.builders.files import Dimensions, File, ImageFile
from securely.validation.exceptions import InvalidRule, RulesError
from tests.unit.validation.test_files import PDF, SVG, Upload, failed, holds, png


@pytest.fixture
def _no_default() -> Iterator[None]:
    yield
    File.defaults(None)


def test_examples_when_run_then_give_what_they_show() -> None:
    assert doctest.testmod(files).failed == 0


def test_file_when_nothing_is_asked_then_is_any_file() -> None:
    assert holds(Upload(b"a", "a"), File())
    assert failed("a", [File()]) == {"File": []}


def test_types_when_extensions_or_mime_types_then_are_rules_of_those() -> None:
    assert File().types("png", "pdf").as_rules() == ["file", ["mimes", "png", "pdf"]]
    assert File.types("png") == File().types(["png"])
    assert File().max(1).types("png").as_rules() == ["file", ["max", "1"], ["mimes", "png"]]
    assert File().types(["image/*"]).as_rules() == ["file", ["mimetypes", "image/*"]]


def test_types_when_mixed_then_any_of_them_is_taken() -> None:
    rule = File().types(["image/png", "pdf"])

    assert holds(Upload(PDF, "a"), rule)
    assert holds(Upload(png(), "a"), rule)
    assert not holds(Upload(b"text", "a"), rule)


def test_types_when_mixed_and_unknown_then_are_refused() -> None:
    with pytest.raises(RulesError, match="pgn"):
        File().types(["image/png", "pgn"])


def test_sizes_when_written_with_units_then_are_kept() -> None:
    upload = Upload(bytes(3 * 1024), "a.bin")

    assert holds(upload, File().min(1).max("1mb"))
    assert holds(upload, File().size("3kb").between(2, "4kb"))
    assert failed(upload, File().max("2kb")) == {"Max": ["2kb"]}


def test_extensions_and_encoding_when_asked_then_are_checked() -> None:
    rule = File().extensions(["TXT", "md"]).encoding("utf-8")

    assert holds(Upload("grün".encode(), "a.txt"), rule)
    assert set(failed(Upload("grün".encode("latin-1"), "a.pdf"), rule)) == {
        "Extensions",
        "Encoding",
    }


def test_rules_when_added_then_stand_behind_its_own() -> None:
    rule = File().rules("min:1").rules(["max:2", Dimensions().width(1)])

    assert rule.as_rules()[:3] == ["file", "min:1", "max:2"]
    assert set(failed(Upload(png(), "a"), rule)) == {"Min", "Dimensions"}


def test_image_when_asked_then_takes_svg_only_where_allowed() -> None:
    assert not holds(Upload(SVG, "a"), File.image())
    assert holds(Upload(SVG, "a"), File.image(allow_svg=True))
    assert holds(Upload(png(), "a"), ImageFile().max(10))


def test_dimensions_when_built_then_are_checked() -> None:
    limits = Dimensions({"min_width": 3}).max_height(2).ratio("3/2").ratio_between(1, 1.5)

    assert holds(Upload(png(3, 2), "a"), limits)
    assert holds(Upload(png(3, 2), "a"), File.image().dimensions(limits))
    assert not holds(Upload(png(2, 2), "a"), File.image().dimensions(limits))
    assert Dimensions().width(1).height(2).min_width(3).min_height(4).max_width(5).as_rules() == [
        ["dimensions", "width=1", "height=2", "min_width=3", "min_height=4", "max_width=5"]
    ]


def test_dimensions_when_without_a_limit_then_are_refused() -> None:
    with pytest.raises(InvalidRule):
        holds(Upload(png(), "a"), Dimensions())


@pytest.mark.usefixtures("_no_default")
def test_defaults_when_given_then_are_what_default_returns() -> None:
    assert File.default() == File()

    File.defaults(lambda: File().max(1))
    assert File.default() == File().max(1)

    File.defaults(File().min(1))
    assert File.default() == File().min(1)


def test_rule_when_asked_for_files_then_gives_their_builders() -> None:
    assert Rule.file() == File()
    assert Rule.image_file(allow_svg=True) == ImageFile(allow_svg=True)
    assert Rule.dimensions({"width": 3}).as_rules() == [["dimensions", "width=3"]]
