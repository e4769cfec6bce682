"""Many messages at a time: a few connections, results as they come, an outage told from a bad mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from errors import Tellable, Temporary
from sources.ports import Gone, RateLimited, RawMail, Unfetchable

_IN_A_ROW = 3  # faults without a success between them are the source's, not the messages'

Fetched = tuple[str, RawMail | Tellable]


def fetch_many(
    fetch: Callable[[str], RawMail],
    ids: Iterable[str],
    workers: int,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Fetched]:
    """Fetch the ids, `workers` at a time, and yield (id, message or error) as they arrive.

    An error that is yielded concerns that one message: Gone, Unfetchable, or a Temporary that others did not
    meet. What concerns them all is raised after the messages under way were yielded: NeedsReconnect, Refused,
    RateLimited, and a Temporary met three times in a row; the ids that were not yielded have had no fault of
    their own. At most `workers` messages are held in memory.

    Args:
        fetch: gets one message.
        ids: taken one by one, as late as can be.
        workers: how many at a time.
        stop: once true, nothing new is begun; what is under way is still yielded.
    """
    waiting = iter(ids)
    doubtful: list[tuple[str, Temporary]] = []
    over: BaseException | None = None
    running: dict[Future[RawMail], str] = {}
    with ThreadPoolExecutor(workers, thread_name_prefix="fetch") as pool:
        while True:
            while len(running) < workers and over is None and not stop():
                message_id = next(waiting, None)
                if message_id is None:
                    break
                running[pool.submit(fetch, message_id)] = message_id
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                message_id = running.pop(future)
                error = future.exception()
                if error is None:
                    yield message_id, future.result()
                elif isinstance(error, Gone | Unfetchable):
                    yield message_id, error
                elif isinstance(error, Temporary) and not isinstance(error, RateLimited):
                    doubtful.append((message_id, error))
                    if len(doubtful) >= _IN_A_ROW:
                        over = over or error
                    continue
                else:
                    over = over or error
                    continue
                # the source does answer, so the faults before this were those messages' own
                yield from doubtful
                doubtful.clear()
    if over is not None:
        raise over
    yield from doubtful
