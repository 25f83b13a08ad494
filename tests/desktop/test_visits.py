"""The way through what was opened, without a screen."""

from desktop.visits import Place, Visits


def test_going_elsewhere_from_the_middle_of_the_way_forgets_what_lay_ahead():
    way = Visits()
    for name in ("workbench", "inbox", "inbox", "registry"):
        way.note(Place(name))
    assert way.back() == Place("inbox") and way.back() == Place("workbench") and way.back() is None
    way.note(Place("map"))
    assert not way.may_go_forward and way.back() == Place("workbench")


def test_the_place_where_one_is_is_not_noted_twice():
    way = Visits()
    way.note(Place("registry", "address", 1))
    way.note(Place("registry", "address", 1))
    assert not way.may_go_back and way.now == Place("registry", "address", 1)
