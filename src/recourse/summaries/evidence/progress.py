"""How far a whole job is: actions tried so far and actions known of, then the choice as the last unit."""

from __future__ import annotations

from recourse.progress import Progress


class JobProgress:
    """Tells what a user passed as `progress` how many units are done, of how many that are known of so far.

    >>> told = JobProgress(lambda done, of: print(done, "of", of))
    >>> told.more(3)
    >>> told.advance(3)
    3 of 4
    >>> told.finish()
    4 of 4
    """

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._done, self._of = 0, 1

    def more(self, units: int) -> None:
        """Learn of more units that are to be done."""
        self._of += units

    def advance(self, units: int) -> None:
        """Tell that so many more units are done."""
        self._done += units
        if self._progress is not None:
            self._progress(self._done, self._of)

    def finish(self) -> None:
        """Tell that the choice is made, which is the last unit."""
        self.advance(self._of - self._done)
