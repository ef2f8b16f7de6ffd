"""Parts of the documents: questions, answers, criticism, conversations and differences as JSON values."""

from typing import Any

from utils.report.browser.rows import Request, text_of
from utils.report.difference import difference


def last_of_scopes(requests: list[Request]) -> list[Request]:
    """Return the last request of each scope: a flawed reply is followed by another one."""
    return list({each.place.scope: each for each in requests}.values())


def question_of(request: Request) -> dict[str, Any]:
    """Return the question that a request is about."""
    return {
        "task": request.place.task,
        "split": request.place.split,
        "question": request.place.question,
        "text": request.question_text,
        "right": request.right_answer,
    }


def answer_of(request: Request) -> dict[str, Any]:
    """Return an answer with its score."""
    return {"key": request.place.key, "reply": request.reply, "score": request.place.score, "flaw": request.place.flaw}


def criticism_of(answer: Request, critics: list[Request]) -> list[dict[str, Any]]:
    """Return the criticism of an answer; the last one is the gradient on the prompt."""
    about = [
        each for each in critics if (each.place.task, each.place.question) == (answer.place.task, answer.place.question)
    ]
    return [{"key": each.place.key, "reply": each.reply, "flaw": each.place.flaw} for each in last_of_scopes(about)]


def conversation_of(request: Request) -> dict[str, Any]:
    """Return a request with messages and reply."""
    messages = [{"role": each["role"], "text": text_of(each["content"])} for each in request.messages]
    return {"role": request.place.role, "messages": messages} | answer_of(request)


def pieces(before: str, after: str) -> list[list[str]]:
    """Return a difference as pairs of change and text."""
    return [
        [f"moved {piece.change}" if piece.moved else str(piece.change), piece.text]
        for piece in difference(before, after)
    ]
