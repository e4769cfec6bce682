"""Letters to people in their language: an invitation, a link for a new password, a reminder of a task."""

from __future__ import annotations

from collections.abc import Iterable

from jobs.work import Done, Job
from models import Business, Invitation, Membership, Task, User, Work, decrypt, write
from sources import post
from store import people, tasks, work

_INVITATION = {
    "en": ("{business} invites you to ProSaaS", "You are invited to work with {business} in ProSaaS.\n\nOpen this "
           "link to accept; it works once, within two weeks:\n\n{link}\n"),
    "he": ("הזמנה אל {business} ב־ProSaaS", "הוזמנת לעבוד עם {business} ב־ProSaaS.\n\nהקישור הבא מקבל את ההזמנה; "
           "הוא פועל פעם אחת, בתוך שבועיים:\n\n{link}\n"),
    "de": ("{business} lädt Sie zu ProSaaS ein", "Sie sind eingeladen, in ProSaaS mit {business} zu arbeiten.\n\n"
           "Öffnen Sie diesen Link, um anzunehmen; er gilt einmal, zwei Wochen lang:\n\n{link}\n"),
    "fr": ("{business} vous invite sur ProSaaS", "Vous êtes invité à travailler avec {business} dans ProSaaS.\n\n"
           "Ouvrez ce lien pour accepter ; il sert une fois, pendant deux semaines :\n\n{link}\n"),
}  # fmt: skip
_PASSWORD = {
    "en": ("A new password for ProSaaS", "Somebody asked for a new password for this address, probably you.\n\nOpen "
           "this link to choose one; it works once, within an hour:\n\n{link}\n\nIf it was not you, do nothing.\n"),
    "he": ("סיסמה חדשה ל־ProSaaS", "התבקשה סיסמה חדשה לכתובת הזאת, כנראה על ידך.\n\nהקישור הבא מאפשר לבחור סיסמה; "
           "הוא פועל פעם אחת, בתוך שעה:\n\n{link}\n\nאם לא ביקשת, אין צורך לעשות דבר.\n"),
    "de": ("Ein neues Passwort für ProSaaS", "Für diese Adresse wurde ein neues Passwort angefordert, vermutlich von "
           "Ihnen.\n\nWählen Sie es über diesen Link; er gilt einmal, eine Stunde lang:\n\n{link}\n\nWaren Sie es "
           "nicht, tun Sie nichts.\n"),
    "fr": ("Un nouveau mot de passe pour ProSaaS", "Un nouveau mot de passe a été demandé pour cette adresse, sans "
           "doute par vous.\n\nChoisissez-le par ce lien ; il sert une fois, pendant une heure :\n\n{link}\n\nSi ce "
           "n'était pas vous, ne faites rien.\n"),
}  # fmt: skip

_REMINDER = {
    "en": "Reminder: {title}", "he": "תזכורת: {title}", "de": "Erinnerung: {title}", "fr": "Rappel : {title}"
}  # fmt: skip


def invitation(job: Job) -> Done:
    """The link of an invitation to the address that it is for, in the business's language."""
    row = Invitation.get_or_none(Invitation.id == job.args["invitation"], Invitation.accepted_at.is_null())
    if row is None:
        return Done({"sent": False})  # withdrawn, or accepted by the link that was shown
    business = Business.get_by_id(row.business_id)
    subject, text = _INVITATION.get(business.language, _INVITATION["en"])
    _send(job, row.email, subject.format(business=business.name), text, decrypt(job.args["link"]), business.name)
    return Done({"sent": True})


def password(job: Job) -> Done:
    """A fresh link for a new password to the person; the link is made here, so that no row ever holds it."""
    user: User | None = User.get_or_none(User.id == job.args["user"])
    if user is None:
        return Done({"sent": False})
    subject, text = _PASSWORD.get(user.language, _PASSWORD["en"])
    _send(job, user.email, subject, text, people.password_link(user, job.shop.config.public_url), "")
    return Done({"sent": True})


def reminder(job: Job) -> Done:
    """What is to be done, to whoever it is for: the person it was given to, else who made it."""
    row: Task | None = Task.get_or_none(Task.id == job.args["task"], Task.done_at.is_null())
    config = job.shop.config
    if row is None or not config.smtp_url:
        return Done({"sent": False})
    maker = row.actor.removeprefix("user:")
    user_id = row.assignee_id or (int(maker) if maker.isdigit() else 0)
    member = Membership.get_or_none(Membership.business == row.business_id, Membership.user == user_id)
    if member is None:
        return Done({"sent": False})  # nobody of the business any more
    subject = _REMINDER.get(member.user.language, _REMINDER["en"])
    link = f"{config.public_url}/app/b/{member.business.slug}/contacts/tasks"
    text = "\n\n".join(filter(None, [row.title, row.notes, link]))
    post.send(config.smtp_url, [member.user.email], subject.format(title=row.title), text)
    return Done({"sent": True})


def plan() -> Iterable[tuple[Work, bool]]:
    """Reminders that are due, each asked for once."""
    for row in tasks.to_remind():
        with write():
            if tasks.reminded(row):
                yield work.ask("task_mail", row.business_id, {"task": row.id}, requested_by="schedule")


def _send(job: Job, to: str, subject: str, text: str, link: str, business: str) -> None:
    post.send(job.shop.config.smtp_url, [to], subject, text.format(link=link, business=business))
