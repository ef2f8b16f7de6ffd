"""Charts as data: axes and offsets."""

from utils.report.chart import Chart, Series, horizontal_offsets, round_up


def chart(*points, limit=None, reference=None):
    return Chart("x", "", [Series("a", points)], "round", limit, "tokens", reference=reference)


def test_intervals_at_the_same_x_are_drawn_side_by_side():
    point, interval = Series("point", [(1, 0.5)]), Series("interval", [(1, 0.5, 0.2, 0.8)])
    assert horizontal_offsets([interval, point, interval]) == [-0.5, 0.0, 0.5]
    assert horizontal_offsets([interval]) == [0.0]


def test_the_axis_ends_at_a_round_number_above_the_highest_point_and_the_reference():
    assert chart((0, 84.0), (1, 3.0, 2.0, 170.0)).top == 200 and chart((0, 0.0)).top == 1.0
    assert chart((0, 84.0), reference=("context", 8192)).top == 10_000
    assert chart((0, 0.5), limit=1.0).top == 1.0 and round_up(401) == 500


def test_a_chart_without_points_is_empty():
    assert not chart() and not chart(reference=("context", 8192)) and chart((0, 0.0))
