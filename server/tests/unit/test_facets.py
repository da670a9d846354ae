"""Which facets events have, and how many are kept."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from digesting import event
from mana_errors.digest.facets import FacetMemory
from mana_errors.digest.group import group
from mana_errors.digest.summarize import summarize
from mana_errors.model import facets
from mana_errors.model.event import Event
from mana_errors.model.facets import MAX_PAIRS, MAX_RELEASES, MAX_VALUES, grown, name_of, pair
from mana_errors.model.grouped import GroupedEvent

PAIRS = st.builds(pair, st.sampled_from(["release", "tag.a", "tag.b", "path"]), st.text(max_size=2))


def grouped(said: Event) -> GroupedEvent:
    return GroupedEvent(said, group(said, None))


def told(memory: FacetMemory, *events: Event) -> set[str]:
    """What the events of a batch tell triage; the batch is committed."""
    items = [grouped(said) for said in events]
    fresh = memory.fresh(items)
    memory.remember(fresh)
    return {facet for delta in summarize(items, fresh) for facet in delta.facets}


def test_an_event_has_a_facet_of_each_field_that_it_has() -> None:
    said = event(
        environment="canary", release="1.2", error_code="E1", service_name="api",
        request_url="https://x.example/api/orders/17?a=b", request_method="POST",
        response_status_code=502, tags={"browser": "Firefox", "long": "a\nb"},
    )  # fmt: skip
    assert told(FacetMemory(), said) == {
        "environment=canary", "release=1.2", "code=E1", "type=TypeError", "service=api",
        "path=/api", "path=/api/orders", "path=/api/orders/<id>", "method=POST", "status=502",
        "tag.browser=Firefox", "tag.long=a b",
    }  # fmt: skip


def test_what_was_told_and_committed_is_not_told_again() -> None:
    memory = FacetMemory()
    assert told(memory, event(release="1"), event(release="1"))
    assert told(memory, event(release="1")) == set()
    assert told(memory, event(release="2")) >= {"release=2"}


def test_a_batch_that_was_not_committed_is_told_again() -> None:
    memory = FacetMemory()
    item = grouped(event(release="1"))
    assert memory.fresh([item]).of(item.grouping.grouping_hash)
    assert memory.fresh([item]).of(item.grouping.grouping_hash)


def test_another_problem_has_facets_of_its_own() -> None:
    memory = FacetMemory()
    assert told(memory, event(release="1")) == told(
        memory, event(release="1", error_code="CODE2")
    ) - {"code=CODE2"} | {"code=CODE"}


@given(st.lists(PAIRS, max_size=200))
def test_facets_are_bounded_whatever_comes(more: list[str]) -> None:
    known: list[str] = []
    for some in (more[:100], more[100:]):
        known = grown(known, some) or known
    assert len(known) <= MAX_PAIRS
    assert len(set(known)) == len(known)
    assert set(known) <= set(more)
    for name in map(name_of, known):
        limit = MAX_RELEASES if name == facets.RELEASE else MAX_VALUES
        assert sum(name_of(kept) == name for kept in known) <= limit
    assert grown(known, known) is None


def test_the_latest_releases_are_kept_and_the_first_of_all_else() -> None:
    """The newest release is what one looks for; new values of a tag that has many are ids."""
    for name, kept in (("release", MAX_RELEASES), ("tag.request", MAX_VALUES)):
        known: list[str] = []
        for number in range(100):
            known = grown(known, [pair(name, str(number))]) or known
        first = 100 - kept if name == "release" else 0
        assert known == [pair(name, str(number)) for number in range(first, first + kept)]


def test_no_more_than_so_many_pairs_in_all() -> None:
    many = [pair(f"tag.t{number}", "x") for number in range(MAX_PAIRS + 10)]
    assert len(grown([], many) or []) == MAX_PAIRS


def test_files_and_words_are_those_of_the_stack() -> None:
    said = event(message="Order 17 FAILED")
    stack = group(said, None)
    item = GroupedEvent(
        said, type(stack)(
            stack.fingerprint, UUID(int=7), stack.title, stack.culprit,
            (("stack", "cart.ts total | shop/main.ts checkout | cart.ts add"),),
        ),
    )  # fmt: skip
    (delta,) = summarize([item], FacetMemory().fresh([item]))
    assert {"file=cart.ts", "file=shop/main.ts"} <= set(delta.facets)
    assert "order 17 failed" in delta.words
    assert "main.ts checkout" in delta.words
    (known,) = summarize([item], FacetMemory().fresh([item]), {UUID(int=7)})
    assert known.words == ""
    assert not any(facet.startswith("file=") for facet in known.facets)
