"""The consent page: a person picks an account, ticks scopes, approves or denies."""

from __future__ import annotations

from html import escape

_SCOPES = {
    "https://mail.google.com/": "Read, write, send and delete all of the mail",
    "https://www.googleapis.com/auth/gmail.readonly": "Read the mail and its settings",
    "https://www.googleapis.com/auth/gmail.modify": "Read, write and send mail",
    "https://www.googleapis.com/auth/gmail.metadata": "See labels and headers, not the mail itself",
    "https://www.googleapis.com/auth/gmail.labels": "See and change labels",
    "https://www.googleapis.com/auth/gmail.insert": "Put mail into the mailbox",
    "https://www.googleapis.com/auth/gmail.compose": "Write drafts and send mail",
    "openid": "Know who you are",
    "email": "See the address",
    "profile": "See the name",
}
_STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --ink: #1c2024; --soft: #5b636d; --line: #d9dde2; --key: #2456c7; --on: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1d2125; --ink: #eceef0; --soft: #a0a8b1; --line: #363c43; --key: #8ab0ff; --on: #0e1c3d;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; min-height: 100vh; display: grid; grid-template-columns: minmax(0, 440px); place-content: center;
  padding: 24px 16px; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main {
  padding: 28px; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px;
}
.mark {
  display: inline-block; margin: 0 0 14px; padding: 3px 10px; border: 1px solid var(--line); border-radius: 99px;
  color: var(--soft); font-size: 13px;
}
h1 { margin: 0 0 6px; font-size: 22px; line-height: 1.3; font-weight: 650 }
p { margin: 0 0 18px; color: var(--soft); overflow-wrap: anywhere }
fieldset { margin: 0 0 18px; padding: 0; border: 0 }
legend { padding: 0; margin: 0 0 8px; font-size: 14px; font-weight: 600 }
label {
  display: flex; gap: 12px; align-items: flex-start; padding: 11px 12px; border: 1px solid var(--line);
  cursor: pointer;
}
label:first-of-type { border-radius: 10px 10px 0 0 }
label:last-of-type { border-radius: 0 0 10px 10px }
label:only-of-type { border-radius: 10px }
label + label { border-top: 0 }
input { flex: none; width: 18px; height: 18px; margin: 3px 0 0; accent-color: var(--key) }
small { display: block; color: var(--soft); font-size: 13px; overflow-wrap: anywhere }
.row { display: flex; gap: 10px; margin-top: 22px }
button {
  min-height: 44px; padding: 0 20px; border-radius: 10px; border: 1px solid var(--line); background: transparent;
  color: var(--ink); font: inherit; font-weight: 600; cursor: pointer;
}
button.go { background: var(--key); border-color: var(--key); color: var(--on) }
:focus-visible { outline: 3px solid var(--key); outline-offset: 2px }
"""


def page(action: str, client: str, accounts: list[str], chosen: str, scopes: list[str]) -> str:
    """The page as HTML; `action` is where the form goes, `chosen` the account that is picked already."""
    people = "".join(
        f'<label><input type="radio" name="account" value="{escape(address)}"{_if(address == chosen, " checked")}>'
        f"<span>{escape(address)}</span></label>"
        for address in accounts
    )
    asked = "".join(
        f'<label><input type="checkbox" name="granted" value="{escape(scope)}" checked>'
        f"<span>{escape(_SCOPES.get(scope, 'Something else'))}<small>{escape(scope)}</small></span></label>"
        for scope in scopes
    )
    return _whole(
        "Allow access to a stand-in mailbox",
        f"<h1>Allow access to this mailbox?</h1><p>The program with the client id “{escape(client)}” asks for it. "
        "This page plays the part of Google’s consent page. It is a stand-in: no Google account is behind it.</p>"
        f'<form method="post" action="{escape(action)}"><input type="hidden" name="form" value="1">'
        f"<fieldset><legend>Account</legend>{people}</fieldset>"
        f"<fieldset><legend>What it may do</legend>{asked}</fieldset>"
        '<div class="row"><button class="go" name="decision" value="approve">Allow</button>'
        '<button name="decision" value="deny">Deny</button></div></form>',
    )


def error_page(title: str, code: str, sentence: str) -> str:
    """The page for a request that cannot be sent back to the program."""
    return _whole(title, f"<h1>{escape(title)}</h1><p>{escape(sentence)}</p><p>Error: <b>{escape(code)}</b></p>")


def _whole(title: str, inner: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f'<body><main><div class="mark">Gmail stand-in</div>{inner}</main></body></html>'
    )


def _if(condition: bool, text: str) -> str:
    return text if condition else ""
