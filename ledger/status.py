"""What a sequencer tells its operator."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Status:
    """What an operator looks at first; `problem` says why nothing is being signed.

    `refused` counts submissions by reason since this process began: they leave no entry.
    """

    running: bool = False
    size: int = 0
    published_size: int = 0
    queued: int = 0
    waiting: int = 0
    problem: str | None = None
    mirrors: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
