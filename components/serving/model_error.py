"""Describe in one line what TensorFlow says in many; plain Python."""

from __future__ import annotations

_GRAPH_ERROR = "Graph execution error:"
_NODE_MARK = "[["
_MAX_CHARACTERS = 300


class SignatureError(ValueError):
    """A model lacks a signature, an output or an answer that it should have."""


def describe_model_error(error: BaseException) -> str:
    """Describe why a model could not be loaded or run.

    Returns:
        The error's type and its most telling line: of an error in a graph, the one after the places
        where it was defined, of others the first.
    """
    if isinstance(error, SignatureError):
        return str(error)
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(_NODE_MARK)]
    if not telling:
        return type(error).__name__
    line = telling[-1] if telling[0] == _GRAPH_ERROR else telling[0]
    return f"{type(error).__name__}: {line[:_MAX_CHARACTERS]}"
