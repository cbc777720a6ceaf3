"""Times that tick. React renders them empty; `tocsin.js` fills them and gives each its absolute time as a title."""

import reflex as rx

from app.components.marks import Text


def age(at: Text, *, until: Text = "", coarse: bool = False, class_name: str = "") -> rx.Component:
    """How long ago `at` is: 40s, 2m 14s, 41m, 3h 04m, 1d 2h. With `until` it is the fixed span from `at` to there.

    `coarse` leaves the seconds out from a minute on: for lists, where fifty of them would tick.
    """
    return rx.el.time(date_time=at, data_age="coarse" if coarse else "", data_until=until, class_name=class_name)


def clock(at: Text, *, until: Text = "") -> rx.Component:
    """A running clock with seconds: 41m 07s, 3h 04m 09s."""
    return rx.el.time(date_time=at, data_age="clock", data_until=until, class_name="clock")


def moment(at: Text, class_name: str = "") -> rx.Component:
    """The absolute time in the viewer's zone, 24 Nov 03:46, with the year where it is another."""
    return rx.el.time(date_time=at, data_age="moment", class_name=class_name)
