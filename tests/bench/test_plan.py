"""Known readings: the same in every process, in order, and all of them published."""

from __future__ import annotations

import json

import numpy as np

from bench.fault.plan import LEVEL_JITTER, LEVELS, MIDDLE, SWING, Plan
from bench.fault.publisher import Producer
from bench.fault.site import RULES

PLAN = Plan(seed=3, start_ms=1_790_000_000_000, steps=200, gap_s=10.0)


def test_plan_is_the_same_when_made_from_its_parameters_as_json() -> None:
    again = Plan.made(json.loads(json.dumps(PLAN.parameters())))
    assert again == PLAN
    assert np.array_equal(again.matrix, PLAN.matrix)


def test_every_reading_is_in_one_payload_when_all_slots_are_made() -> None:
    producer = Producer(PLAN, from_seq=7)
    found: dict[tuple[str, int], float] = {}
    numbers: dict[int, list[int]] = {gateway: [] for gateway in range(PLAN.gateways)}
    arrays = 0
    for slot in range(PLAN.steps * PLAN.gateways):
        gateway = slot % PLAN.gateways
        for entry in producer.slot(slot):
            document = json.loads(entry.payload(oldest=7))
            messages = document if isinstance(document, list) else [document]
            arrays += isinstance(document, list)
            assert (entry.first, entry.last) == (messages[0]["seq"], messages[-1]["seq"])
            for message in messages:
                assert message["oldest"] == 7
                numbers[gateway].append(message["seq"])
                for tag, value in message["values"].items():
                    key = f"{PLAN.enterprise(gateway)}.{tag}", message["ts"]
                    assert key not in found
                    found[key] = value
    published = {
        (PLAN.point_id(point), PLAN.time_ms(point, step)): PLAN.values(step)[point]
        for step in range(PLAN.steps)
        for point in range(PLAN.points)
    }
    assert found == published
    assert arrays
    each = PLAN.steps * PLAN.points_each // PLAN.per_message
    assert all(list(range(7, 7 + each)) == got for got in numbers.values())


def test_payload_has_no_number_when_there_are_no_receipts() -> None:
    [first, *_] = Producer(PLAN, from_seq=None).slot(0)
    assert json.loads(first.payload(oldest=None)).keys() == {"ts", "values"}


def test_values_are_far_from_every_limit_when_there_is_no_excursion() -> None:
    edges = {
        edge for rule in RULES for limit in rule.limits if limit is not None for edge in (limit, limit - rule.deadband)
    }
    levels = PLAN.levels
    calm = PLAN.matrix[np.isnan(levels)]
    assert calm.max() <= MIDDLE + SWING < min(edges)
    for level in LEVELS:
        assert min(abs(edge - level) for edge in edges) > LEVEL_JITTER
    assert np.isnan(levels[-1]).all()
    assert 0.01 < (~np.isnan(levels)).mean() < 0.5


def test_times_of_a_point_rise_evenly_when_taken_together() -> None:
    for point in (0, 60, PLAN.points - 1):
        one_by_one = [PLAN.time_ms(point, step) * 1_000_000 for step in range(PLAN.steps)]
        assert PLAN.times_ns(point).tolist() == one_by_one
