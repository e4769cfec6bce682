"""A real Dovecot of a test's own: one account, Maildir, on a free port of this machine; runs as root or not."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from imapclient import IMAPClient

USER = "me@example.com"

_CONF = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 0
mail_location = maildir:{folder}/mail
mail_uid = {mail_uid}
mail_gid = {mail_gid}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_gid} home={folder}/home
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Archive {{
    auto = create
    special_use = \\Archive
  }}
  mailbox Drafts {{
    auto = create
    special_use = \\Drafts
  }}
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
}}
"""


class Dovecot:
    """Start with `with`; `password` may be changed while it runs."""

    def __init__(self) -> None:
        self.folder = Path()
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Dovecot:
        binary = _binary()
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        root = os.geteuid() == 0
        me = getpass.getuser()
        mail = pwd.getpwnam("nobody") if root else pwd.getpwnam(me)
        for name in ("mail", "home"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, mail.pw_uid, mail.pw_gid)
        self.folder.chmod(0o755)
        self.set_password("secret")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        conf = self.folder / "dovecot.conf"
        conf.write_text(
            _CONF.format(
                folder=self.folder,
                internal="dovecot" if root else me,
                group="dovecot" if root else grp.getgrgid(os.getegid()).gr_name,
                login="dovenull" if root else me,
                mail_uid=mail.pw_uid,
                mail_gid=mail.pw_gid,
                port=self.port,
            )
        )
        self._process = subprocess.Popen([binary, "-F", "-c", str(conf)])
        deadline = time.monotonic() + 60
        while True:
            try:
                self.client().logout()
                return self
            except (OSError, IMAPClient.Error):
                log = self.folder / "dovecot.log"
                told = log.read_text() if log.exists() else ""
                assert time.monotonic() < deadline, f"Dovecot does not answer: {told}"
                assert self._process.poll() is None, f"Dovecot did not start: {told}"
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def set_password(self, password: str) -> None:
        """Change it; where the server runs, return once it has noticed (it looks at the file once a second)."""
        users = self.folder / "users"
        users.write_text(f"{USER}:{password}\n")
        users.chmod(0o644)
        deadline = time.monotonic() + 60
        while self._process is not None:
            try:
                self.client(password).logout()
                return
            except IMAPClient.Error:
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def client(self, password: str = "secret") -> IMAPClient:
        """A mail program of its own."""
        client = IMAPClient("127.0.0.1", port=self.port, ssl=False, timeout=30)
        client.login(USER, password)
        return client


def _binary() -> str:
    found = shutil.which("dovecot") or next(
        (path for path in ("/usr/sbin/dovecot", "/usr/local/sbin/dovecot") if Path(path).exists()), None
    )
    if found is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    return found
