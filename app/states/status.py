"""The status line: one sentence about what came of the last action, told to screen readers too."""

import reflex as rx

from app.session import open_to_all
from services.input_text import one_line
from services.views import NoticeView


class Status(rx.State):
    """The sentence that stands there now. A page's state that derives from this one says things by `self.say`."""

    notice: NoticeView = NoticeView()

    @open_to_all
    def say(self, sentence: str, *, bad: bool = False, may_undo: bool = False) -> None:
        """Put a sentence into the status line. A bad one stays until it is dismissed; no name turns the rest of it."""
        self.notice = NoticeView(text=one_line(sentence), tone="bad" if bad else "good", seq=self.notice.seq + 1, may_undo=may_undo)

    @open_to_all
    def show_failure(self, sentence: str) -> None:
        """Say why the last action did not work."""
        self.say(sentence, bad=True)
