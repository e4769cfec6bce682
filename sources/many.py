"""Many messages at a time: a few connections, results as they come, an outage told from a bad mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

from errors import Tellable, Temporary
from sources.ports import Gone, RateLimited, RawMail, Unfetchable

_IN_A_ROW = 3  # faults without a success between them are the source's, not the messages'

Fetched = tuple[str, RawMail | Tellable]


@dataclass(frozen=True, slots=True)
class Group:
    """What became of a few ids: messages and errors of their own, and what ended it for all, if anything did."""

    fetched: tuple[Fetched, ...]
    over: Tellable | None = None


def one_by_one(fetch: Callable[[str], RawMail]) -> Callable[[Sequence[str]], Group]:
    """A function for fetch_many() that gets its ids one after the other."""

    def fetch_group(ids: Sequence[str]) -> Group:
        fetched: list[Fetched] = []
        for message_id in ids:
            try:
                fetched.append((message_id, fetch(message_id)))
            except Tellable as error:
                if not concerns_one(error):
                    return Group(tuple(fetched), error)
                fetched.append((message_id, error))
        return Group(tuple(fetched))

    return fetch_group


def concerns_one(error: Tellable) -> bool:
    """Whether the error may be of one message alone."""
    return isinstance(error, Gone | Unfetchable | Temporary) and not isinstance(error, RateLimited)


def fetch_many(
    fetch_group: Callable[[Sequence[str]], Group],
    ids: Iterable[str],
    *,
    workers: int,
    size: int = 1,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Fetched]:
    """Fetch the ids in groups, `workers` of them at a time, and yield (id, message or error) as they arrive.

    An error that is yielded concerns that one message: Gone, Unfetchable, or a Temporary that others did not meet.
    What concerns them all is raised after the messages under way were yielded: NeedsReconnect, Refused, RateLimited,
    and a Temporary met three times in a row; ids that were not yielded have had no fault of their own. At most
    `workers` groups are held in memory.

    Args:
        fetch_group: gets a few messages; any thread.
        ids: taken as late as can be.
        workers: how many groups at a time.
        size: how many ids a group has.
        stop: once true, nothing new is begun; what is under way is still yielded.
    """
    waiting = iter(ids)
    doubtful: list[tuple[str, Temporary]] = []
    over: BaseException | None = None
    running: set[Future[Group]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="fetch") as pool:
        while True:
            while len(running) < workers and over is None and not stop():
                group = tuple(islice(waiting, size))
                if not group:
                    break
                running.add(pool.submit(fetch_group, group))
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                if (crash := future.exception()) is not None:
                    over = over or crash
                    continue
                over = over or future.result().over
                for message_id, result in future.result().fetched:
                    if isinstance(result, Temporary):
                        doubtful.append((message_id, result))
                        if len(doubtful) >= _IN_A_ROW:
                            over = over or result
                        continue
                    yield message_id, result
                    # the source does answer, so the faults before this were those messages' own
                    yield from doubtful
                    doubtful.clear()
    if over is not None:
        raise over
    yield from doubtful
