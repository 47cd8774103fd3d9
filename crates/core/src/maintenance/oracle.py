"""Draws schedules and says in which minutes they are open: by brute force over all minutes, with Python's own time zones.

Arguments: the first moment, how many days, how many schedules, the seed. Prints a line of JSON for each schedule. Shares no code and no
thought with what it judges: no schedule is ever computed ahead, each minute of two years is looked at by the clock on the wall.
"""

import json
import random
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata"]
ONE = timedelta(minutes=1)
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


class Clock:
    """What a zone's clocks show in each minute, and which minutes they leave out or show twice."""

    def __init__(self, zone, begin, days):
        self.total = days * 1440
        # Two days before, for windows that were open already.
        self.first = -2 * 1440
        tz = ZoneInfo(zone)
        self.shows = defaultdict(list)
        self.left_out = []
        seen = None
        for minute in range(self.first, self.total):
            if minute % 15 == 0:
                # Clocks are moved on quarters of an hour, everywhere since 1972.
                local = (begin + timedelta(minutes=minute)).astimezone(tz)
                naive = local.replace(tzinfo=None)
                again = local.fold == 1
            else:
                naive += ONE
            self.shows[naive.hour, naive.minute].append((minute, naive.date(), again))
            if seen is not None and naive - seen > ONE:
                shown = seen + ONE
                while shown < naive:
                    self.left_out.append((minute, shown))
                    shown += ONE
            seen = naive


class Cron:
    """A line of cron, drawn at random, and the days and times it names."""

    def __init__(self, draw):
        self.fixed = draw.random() < 0.9
        # Most of what is interesting happens in the small hours.
        hours = draw.sample(range(0, 4) if draw.random() < 0.7 else range(24), draw.choice([1, 1, 1, 2]))
        self.hours = sorted(hours)
        self.minutes = sorted(draw.sample(range(60), draw.choice([1, 1, 2])))
        hour_text = ",".join(map(str, self.hours))
        if not self.fixed:
            step = draw.choice([1, 2, 3, 6])
            self.hours = list(range(0, 24, step))
            hour_text = "*" if step == 1 else f"*/{step}"
        self.days = sorted(draw.sample(range(1, 32), draw.choice([1, 3, 8]))) if draw.random() < 0.3 else None
        self.months = sorted(draw.sample(range(1, 13), draw.choice([2, 6]))) if draw.random() < 0.3 else None
        self.weekdays = sorted(draw.sample(range(7), draw.choice([1, 2, 4]))) if draw.random() < 0.5 else None
        text = lambda numbers: "*" if numbers is None else ",".join(map(str, numbers))
        names = "*" if self.weekdays is None else ",".join(WEEKDAYS[day] for day in self.weekdays)
        self.line = f"{text(self.minutes)} {hour_text} {text(self.days)} {text(self.months)} {names}"

    def has_day(self, date):
        if self.months is not None and date.month not in self.months:
            return False
        day = self.days is None or date.day in self.days
        weekday = self.weekdays is None or date.isoweekday() % 7 in self.weekdays
        # crontab(5): when both are restricted, a day that fits either is meant.
        either = self.days is not None and self.weekdays is not None
        return day or weekday if either else day and weekday

    def begins(self, clock):
        """The minutes in which it begins."""
        for hour in self.hours:
            for minute in self.minutes:
                for at, date, again in clock.shows[hour, minute]:
                    # A fixed time that comes twice is meant once; a line with `*` follows real time.
                    if self.has_day(date) and not (again and self.fixed):
                        yield at
        if self.fixed:
            for at, shown in clock.left_out:
                # A fixed time that is left out is meant at the moment of the move.
                if shown.hour in self.hours and shown.minute in self.minutes and self.has_day(shown.date()):
                    yield at


def main():
    begin = datetime.fromisoformat(sys.argv[1]).astimezone(timezone.utc)
    days, count, seed = (int(argument) for argument in sys.argv[2:5])
    clocks = {zone: Clock(zone, begin, days) for zone in ZONES}
    draw = random.Random(seed)
    for number in range(count):
        zone = ZONES[number % len(ZONES)]
        clock = clocks[zone]
        cron = Cron(draw)
        length = draw.choice([1, 15, 30, 60, 90, 120, 240, 1440])
        is_open = bytearray(clock.total)
        for at in cron.begins(clock):
            begin_at, end_at = max(at, 0), min(at + length, clock.total)
            if begin_at < end_at:
                is_open[begin_at:end_at] = b"\1" * (end_at - begin_at)
        windows, since = [], is_open.find(1)
        while since >= 0:
            until = is_open.find(0, since)
            until = clock.total if until < 0 else until
            windows.append([since, until])
            since = is_open.find(1, until)
        print(json.dumps({"cron": cron.line, "zone": zone, "minutes": length, "open": windows}))


main()
