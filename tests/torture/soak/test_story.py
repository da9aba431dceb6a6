"""The story of a soak: the same for the same seed, with enough in it, and good at its end."""

from collections import Counter
from itertools import pairwise, takewhile

from tests.torture.soak.story import HOOK_KINDS, HOUR_S, MAIL_KINDS, UPSTREAM_KINDS, WATCHED, Story, offers

MONTH = Story(seed=1, hours=720)


def test_a_month_has_every_kind_of_outage_and_none_of_one_place_overlap() -> None:
    kinds = {(outage.place, outage.kind) for outage in MONTH.outages}
    assert kinds >= {("upstream", kind) for kind in UPSTREAM_KINDS}
    assert kinds >= {("hook", kind) for kind in HOOK_KINDS} | {("mail", kind) for kind in MAIL_KINDS}
    assert ("disk", "refuses") in kinds
    for place in ("upstream", "hook", "mail", "disk"):
        outages = [outage for outage in MONTH.outages if outage.place == place]
        assert all(before.until_s < after.from_s for before, after in pairwise(outages))


def test_the_last_hour_is_good_also_in_a_short_day() -> None:
    for story in (MONTH, Story(seed=3, hours=8, day_h=8)):
        assert story.outages
        assert all(outage.until_s < story.end_s - story.day_s / 24 for outage in story.outages)


def test_the_same_seed_is_the_same_story_and_another_is_not() -> None:
    assert Story(1, 24).outages == Story(1, 24).outages != Story(2, 24).outages
    assert offers(1) == offers(1) != offers(2)


def test_a_day_has_hundreds_of_changes_of_stock_price_and_listing_in_order_of_time() -> None:
    listed = offers(1)
    changes = list(takewhile(lambda change: change.at_s < 24 * HOUR_S, MONTH.changes(listed)))
    assert all(before.at_s <= after.at_s for before, after in pairwise(changes))
    fields = Counter(field for change in changes for field in change.fields)
    assert fields["remaining"] > 300
    assert min(fields["price"], fields["listed"], fields["stock_error"]) > 20
    changing = {change.identity for change in changes}
    assert len(changing & {offer.identity for offer in listed[:WATCHED]}) == WATCHED
