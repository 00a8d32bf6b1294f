"""What the demo shows on stderr while it loads: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """One bar with a word for what is being done; `end` may be called more than once."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=None)
        self._live = self._console.is_terminal
        if self._live:
            self._bar.start()

    def begin(self, what: str) -> None:
        """A new kind of work begins."""
        self._bar.update(self._task, description=what)
        if not self._live:
            self._console.print(what, highlight=False)

    def started(self, member: str) -> None:
        """A member's node runs."""
        self._bar.update(self._task, description=f"{member} runs")

    def loading(self, records: int) -> None:
        """So many records will be sent."""
        self._bar.update(self._task, total=records, completed=0)
        self.begin("records on the ledger")

    def step(self) -> None:
        """One record was answered."""
        self._bar.advance(self._task)

    def waiting(self, work: int) -> None:
        """So many pieces of work are under way over all members."""
        said = f"members follow, derive and plan ({work} to do)" if work else "all at rest"
        self._bar.update(self._task, description=said)

    def end(self) -> None:
        """Clear the bar."""
        if self._live:
            self._bar.stop()
            self._live = False
