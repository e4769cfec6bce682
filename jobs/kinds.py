"""Every kind of background work by its name, which is kept in rows and never changes, and every plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jobs import money_rates
from jobs.work import Again, Done, Job, Kind
from models import Work


def _export(job: Job) -> Again | Done:
    from jobs import exporting  # here, for it brings what makes PDFs and workbooks

    return exporting.step(job)


def _call_recording(job: Job) -> Again | Done:
    from jobs import calls_work

    return calls_work.fetch(job)


def _call_sound(job: Job) -> Again | Done:
    from jobs import calls_work

    return calls_work.copy(job)


def _call_retention(job: Job) -> Again | Done:
    from jobs import calls_work

    return calls_work.retain(job)


def _text_message(job: Job) -> Again | Done:
    from jobs import calls_messages

    return calls_messages.answer(job)


def _plan_calls() -> Iterable[tuple[Work, bool]]:
    from jobs import calls_work

    return calls_work.plan()


def _second_reading(job: Job) -> Again | Done:
    from jobs import second_reading

    return second_reading.step(job)


def _erase_business(job: Job) -> Again | Done:
    from jobs import erasing

    return erasing.business(job)


def _erase_files(job: Job) -> Again | Done:
    from jobs import erasing

    return erasing.files(job)


def _forget_mails(job: Job) -> Again | Done:
    from jobs import erasing

    return erasing.mails(job)


def _invitation_mail(job: Job) -> Again | Done:
    from jobs import letters

    return letters.invitation(job)


def _password_mail(job: Job) -> Again | Done:
    from jobs import letters

    return letters.password(job)


def _task_mail(job: Job) -> Again | Done:
    from jobs import letters

    return letters.reminder(job)


def _plan_reminders() -> Iterable[tuple[Work, bool]]:
    from jobs import letters

    return letters.plan()


def _plan_erasing() -> Iterable[tuple[Work, bool]]:
    from jobs import erasing

    return erasing.plan()


def _backup(job: Job) -> Again | Done:
    from jobs import backups

    return backups.step(job)


def _plan_backup() -> Iterable[tuple[Work, bool]]:
    from jobs import backups

    return backups.plan()


def _expire_exports(job: Job) -> Again | Done:
    from jobs import expiring

    return expiring.step(job)


def _plan_expiring() -> Iterable[tuple[Work, bool]]:
    from jobs import expiring

    return expiring.plan()


def _pack(job: Job) -> Again | Done:
    from jobs import packs

    return packs.step(job)


def _plan_packs() -> Iterable[tuple[Work, bool]]:
    from jobs import packs

    return packs.plan()


def _alerts(job: Job) -> Again | Done:
    from jobs import alerting

    return alerting.look(job)


def _alert_mail(job: Job) -> Again | Done:
    from jobs import alerting

    return alerting.mail(job)


def _plan_alerts() -> Iterable[tuple[Work, bool]]:
    from jobs import alerting

    return alerting.plan()


KINDS: Mapping[str, Kind] = {
    "alerts": Kind(_alerts),
    "alert_mail": Kind(_alert_mail, tries=6),
    "backup": Kind(_backup),
    "expire_exports": Kind(_expire_exports),
    "export": Kind(_export),
    "pack": Kind(_pack, tries=10),
    "rates": Kind(money_rates.step, tries=3),
    "call_recording": Kind(_call_recording),
    "call_sound": Kind(_call_sound, tries=5),
    "call_retention": Kind(_call_retention),
    "second_reading": Kind(_second_reading, tries=4),
    "text_message": Kind(_text_message),
    "erase_business": Kind(_erase_business),
    "erase_files": Kind(_erase_files),
    "forget_mails": Kind(_forget_mails),
    "invitation_mail": Kind(_invitation_mail),
    "task_mail": Kind(_task_mail),
    "password_mail": Kind(_password_mail, tries=4),
}

# Asked once a minute by every worker; each asks for its work by a slot, so that it is done once.
PLANS: Sequence[Callable[[], Iterable[tuple[Work, bool]]]] = (
    _plan_alerts,
    _plan_backup,
    _plan_calls,
    _plan_erasing,
    _plan_expiring,
    _plan_reminders,
    money_rates.plan,
    _plan_packs,
)
