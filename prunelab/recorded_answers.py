"""Answers to exercises, put into the reader's progress as they are checked."""

from prunelab.progress_book import ProgressBook, ProgressError, now

_COMPLAINED = set()  # said once in a notebook, not at every check


def record(key, right, sentence, answer):
    """Put one checked answer into the progress file; a right one is kept once it is there.

    key: "chapter.exercise". answer: what `answer_transcripts.Transcript.data` gives. A progress
    that cannot be written is no reason to withhold a verdict: it is said once, in one line.
    """

    def updated(entry):
        entry = {"tries": 0, "right": False, "first": now()} | (entry or {})
        tries = entry["tries"] if type(entry["tries"]) is int else 0
        entry |= {"tries": tries + 1, "last": now()}
        if right or entry["right"] is not True:
            entry |= {"right": bool(right), "sentence": sentence, "answer": answer}
        return entry

    try:
        try:
            ProgressBook().change("answers", key, updated)
        except ProgressError:
            if "value" not in answer and "calls" not in answer:
                raise
            answer = {"unwritten": "it is too long"}
            ProgressBook().change("answers", key, updated)
    except (ProgressError, KeyError, TypeError) as error:
        if str(error) not in _COMPLAINED:
            _COMPLAINED.add(str(error))
            print(f"(not recorded: {error})")
