"""Right answers and known mistakes of the chapter on schedules."""

from dataclasses import replace

import numpy as np

from prunelab.exercises import schedule_the_sparsity as schedule
from tests.exercises.answers.common import no_letters, ramp

RIGHT = [
    (schedule.explore, [40, 40.0, np.int64(40), "40", [40]]),
    (schedule.q1, [0.65, 0.8 - 0.6 * 0.25, np.float64(0.65), "0.65"]),
    (schedule.q2, ["b", "B", " b ", "(b)", "b)", "B."]),
    (schedule.q3, [ramp(0.8, 0, 500), ramp(0.8, 0, 600), ramp(0.8, 0, 700)]),
    (schedule.q4, [ramp(0.9, 200, 750, f) for f in (1, 10, 25, 50, 55, 110)]),
    (schedule.q5, [ramp(0.5, 0, 45, 5), ramp(0.5, 8, 48, 10), ramp(0.5, 1, 5, 1)]),
    (schedule.q6, [ramp(0.9, 392, 1568, f) for f in (49, 56, 84)]),
]  # fmt: skip


WRONG = [
    (schedule.explore, 20, "a larger one fits"),
    (schedule.explore, 32, "a larger one fits"),
    (schedule.explore, 80, "only 3 times"),
    (schedule.explore, 160, "only 2 times"),
    (schedule.explore, 53, "does not divide"),
    (schedule.explore, 100, "does not divide"),
    (schedule.explore, 400, "does not divide"),
    (schedule.explore, 0, "from 1 to"),
    (schedule.explore, "forty", "not a text"),
    (schedule.q1, 65, "fraction"),
    (schedule.q1, 0.5, "straight line"),
    (schedule.q1, 0.725, "power 3"),
    (schedule.q1, 0.15, "still to go"),
    (schedule.q1, 0.35, "slowly first"),
    (schedule.q1, 0.6, "starts at 0.2"),
    (schedule.q1, 0.649, "Put t = 500"),
    (schedule.q1, "about a half", "not a text"),
    (schedule.q2, "a", "end at the same step"),
    (schedule.q2, "c", "that is left is 0"),
    (schedule.q2, "d", "counted from begin_step"),
    *no_letters(schedule.q2, "e", "bd"),
    (schedule.q3, schedule.TOO_LATE, "ends at step 2000"),
    (schedule.q3, ramp(0.8, 0, 938), "does not divide"),
    (schedule.q3, ramp(0.8, 0, 750), "does not divide"),
    (schedule.q3, ramp(0.8, 0, 900), "needs the steps after 750"),
    (schedule.q3, ramp(0.8, 0, 800), "needs the steps after 750"),
    (schedule.q3, ramp(0.8, 0, 400), "only 4 times"),
    (schedule.q3, ramp(0.8, 0, 700, 50), "Leave frequency"),
    (schedule.q3, ramp(0.7, 0, 700), "Leave final_sparsity"),
    (schedule.q3, ramp(0.8, 100, 700), "Leave begin_step"),
    (schedule.q3, 700, "this is an int"),
    (schedule.q4, schedule.OFF_GRID, "does not divide the 550 steps"),
    (schedule.q4, ramp(0.9, 200, 750, 200), "does not divide"),
    (schedule.q4, ramp(0.9, 200, 750, 275), "only 3 times"),
    (schedule.q4, ramp(0.9, 200, 750, 550), "only 2 times"),
    (schedule.q4, ramp(0.9, 200, 700, 100), "Leave end_step"),
    (schedule.q4, ramp(0.9, 250, 750, 100), "Leave begin_step"),
    (schedule.q4, ramp(0.9, 200, 750, 50, power=1), "Leave power"),
    (schedule.q4, 50, "this is an int"),
    (schedule.q5, schedule.TOO_SHORT, "never updated"),
    (schedule.q5, ramp(0.5, 0, 60, 10), "needs the steps after 48"),
    (schedule.q5, ramp(0.5, 0, 50, 10), "needs the steps after 48"),
    (schedule.q5, ramp(0.5, 0, 48, 10), "does not divide"),
    (schedule.q5, ramp(0.5, 0, 40, 10), "only 4 times"),
    (schedule.q5, ramp(0.5, 100, 200, 10), "never updated"),
    (schedule.q5, ramp(0.9, 0, 45, 5), "Leave final_sparsity"),
    (schedule.q5, ramp(0.5, 30, 30, 5), "no length"),
    (schedule.q6, ramp(0.9, 2, 8, 1), "an epoch has 196"),
    (schedule.q6, ramp(0.9, 390, 1560, 65), "not the end of epoch 2"),
    (schedule.q6, ramp(0.9, 392, 1560, 73), "not the end of epoch 8"),
    (schedule.q6, ramp(0.9, 392, 1568), "does not divide"),
    (schedule.q6, ramp(0.9, 392, 1568, 42), "updated 29 times"),
    (schedule.q6, ramp(0.9, 392, 1568, 98), "updated 13 times"),
    (schedule.q6, ramp(0.8, 392, 1568, 56), "not at 90.00 %"),
    (schedule.q6, ramp(0.900004, 392, 1568, 56), "at 90.0004 %, not at 90.00 %"),
    (schedule.q6, ramp(0.9, 392, 1568, 56, power=0), "power=0"),
    (schedule.q6, replace(ramp(0.9, 392, 1568, 56), initial_sparsity=0.5), "cuts 50.00 % at once"),
]  # fmt: skip
