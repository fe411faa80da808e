"""ER7: whatever bytes come, an answer; what was written is what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.hl7v2.acknowledgement import Wrong, acknowledgement
from schemas.hl7v2.delimiters import Delimiters
from schemas.hl7v2.message import Field, Message, MessageError, parse
from tests.schemas.fhir.documents import KNOWN
from tests.schemas.hl7v2.messages import ADMIT, RESULTS, message

MARKS = Delimiters()
_ESCAPED = {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\\": "\\E\\"}


def test_fields_components_and_repetitions_are_found_by_their_numbers() -> None:
    """MSH-1 is the delimiter, so that MSH-9 is the ninth; PID-3 repeats; a component that is not there is ''."""
    found = parse(ADMIT.encode())
    assert found.kind == ("ADT", "A01")
    assert found.sender == "ADT|MAIN"
    pid = found.first("PID")
    assert pid is not None
    assert [cx.component(1) for cx in pid.all(3)] == ["4711", "123-45-6789"]
    assert pid.text(5, 2) == "Ada"
    assert pid.text(5, 20) == pid.text(90) == ""


def test_delimiters_are_those_that_the_message_names() -> None:
    """Another MSH-1 and MSH-2 read the same."""
    other = ADMIT.translate(str.maketrans("|^~\\&", "#*!$%"))
    found = parse(other.encode())
    assert found.kind == ("ADT", "A01")
    assert found.all("PID")[0].text(5, 2) == "Ada"


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).map(str.strip).filter(bool))
def test_what_was_escaped_is_read_as_it_was_meant(text: str) -> None:
    """Any text, its delimiters escaped, comes back; an explicit null is nothing."""
    written = "".join(_ESCAPED.get(c, c) for c in text)
    assert Field(written, MARKS).component(1) == ("" if text == '""' else text)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_an_error_with_a_place(content: bytes) -> None:
    """Never another exception, with a header before them or without."""
    for whole in (content, ADMIT.encode() + content, ADMIT.encode()[: len(content)] + content):
        try:
            found: Message | MessageError = parse(whole)
        except MessageError as error:
            found = error
        assert found.segments if isinstance(found, Message) else found.where and found.reason


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "MSH"),
        (b"FHS|^~\\&|A\rMSH|^~\\&|A", "MSH"),
        (ADMIT.encode() + ADMIT.encode(), "MSH"),
        (ADMIT.encode() + b"lower|x\r", "MSH"),
        (ADMIT.replace("^~\\&", "^^\\&").encode(), "MSH-2"),
        (ADMIT.encode().replace(b"Okafor", b"M\xfcller"), "MSH-18"),
        (ADMIT.replace("2.5.1\r", "2.5.1||||||KLINGON\r", 1).encode(), "MSH-18"),
    ],
)
def test_what_is_no_message_says_where(content: bytes, where: str) -> None:
    """Empty, a batch, two messages, no segment, delimiters twice, bytes that are no characters, an unknown alphabet."""
    with pytest.raises(MessageError) as error:
        parse(content)
    assert error.value.where == where


def test_a_character_set_is_read_as_named() -> None:
    """8859/1 in MSH-18; line ends of files; a byte order mark."""
    latin = ADMIT.replace("2.5.1\r", "2.5.1||||||8859/1\r", 1).replace("Okafor", "Müller").encode("latin-1")
    assert parse(latin).all("PID")[0].text(5) == "Müller"
    assert parse(b"\xef\xbb\xbf" + ADMIT.replace("\r", "\r\n").encode()).kind == ("ADT", "A01")


def test_an_answer_names_the_message_and_what_is_wrong() -> None:
    """Sender and receiver change places, MSA-2 is MSH-10, and delimiters in words are escaped."""
    sent = parse(RESULTS.encode())
    answer = acknowledgement(sent, "AE", "no | bar", [Wrong("PID-3", "101", "E", "a^b")], KNOWN, "7")
    assert answer is not None
    read = parse(answer)
    assert read.header.text(5) == "LAB"
    assert read.kind == ("ACK", "R01")
    msa, err = read.all("MSA")[0], read.all("ERR")[0]
    assert (msa.text(1), msa.text(2), msa.text(3)) == ("AE", "M2", "no | bar")
    assert (err.text(2), err.text(2, 3), err.text(3), err.text(4), err.text(8)) == ("PID", "3", "101", "E", "a^b")


@pytest.mark.parametrize(("wanted", "good", "bad"), [("AL", b"CA", b"CE"), ("NE", None, None), ("ER", None, b"CE")])
def test_a_sender_in_enhanced_mode_gets_the_answers_it_asked_for(wanted: str, good: bytes, bad: bytes) -> None:
    """MSH-15: always, never, on errors; a commit acknowledgement instead of an application's."""
    sent = parse(message("ORU^R01").replace(b"|2.5.1", f"|2.5.1|||{wanted}".encode()))
    for code, expected in (("AA", good), ("AE", bad)):
        answer = acknowledgement(sent, code, "", [], KNOWN, "7")  # type: ignore[arg-type]  # one of the codes
        assert (answer is None) == (expected is None)
        assert answer is None or b"MSA|" + expected in answer
