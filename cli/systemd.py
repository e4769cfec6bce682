"""`./prosaas systemd`: units made from the Procfile, one a process, and a target that holds them together."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

from cli.settings import home, one_file
from cli.up import procfile
from config import Config
from errors import Tellable

# What a process may take before the kernel steps in, as measured with room to spare (docs/deployment.md).
_LIMITS = {"web": ("1G", "200%"), "calls": ("512M", "200%"), "worker": ("2G", "200%")}

_TARGET = """[Unit]
Description=ProSaaS
Wants={wants}

[Install]
WantedBy=multi-user.target
"""
_UNIT = """[Unit]
Description=ProSaaS {name}
PartOf=prosaas.target
After=network-online.target redis-server.service valkey.service postgresql.service
Wants=network-online.target

[Service]
User={user}
WorkingDirectory={root}
EnvironmentFile=-{root}/.env
{environment}ExecStart={program} {name}
Restart=always
RestartSec=2
KillMode=control-group
TimeoutStopSec=10
MemoryMax={memory}
CPUQuota={cpu}
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={root} {data}
ProtectHome={home}
UMask=0077

[Install]
WantedBy=prosaas.target
"""


def systemd(argv: list[str], config: Config) -> int:
    """Print the units, or write them to a folder."""
    text = "Units for systemd, made from the Procfile: prosaas.target and one service a process."
    parser = argparse.ArgumentParser(prog="./prosaas systemd", description=text)
    parser.add_argument("--user", default=getpass.getuser(), help="the user that it runs as (default: you)")
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="write them there, such as /etc/systemd/system")
    parser.add_argument("--workers", type=int, default=1, help="how many worker services (default: 1)")
    given = parser.parse_args(argv)
    if given.workers < 1:
        raise Tellable("bad_value", "There must be one worker at least.")
    made = units(config, given.user, given.workers)
    for name, unit in made.items():
        if given.out is None:
            print(f"# {name}\n{unit}")
            continue
        try:
            (given.out / name).write_text(unit, encoding="utf-8")
        except OSError as error:
            raise Tellable("bad_value", f"{given.out / name} cannot be written ({error.strerror}).") from error
        print(given.out / name)
    if given.out is not None:
        print("Now: systemctl daemon-reload && systemctl enable --now prosaas.target " + " ".join(sorted(made)[:-1]))
    return 0


def units(config: Config, user: str, workers: int = 1) -> dict[str, str]:
    """File names and their text."""
    services: dict[str, str] = {}
    file = one_file()
    program = file or home() / "prosaas"
    # The one file unpacks itself once; its user may have no home.
    environment = f"Environment=SHIV_ROOT={config.data_dir}/unpacked\n" if file else ""
    for name in procfile():
        for number in range(workers if name == "worker" else 1):
            memory, cpu = _LIMITS[name]
            services[f"prosaas-{name}{f'-{number + 1}' if number else ''}.service"] = _UNIT.format(
                name=name,
                user=user,
                root=home(),
                program=program,
                environment=environment,
                data=config.data_dir,
                memory=memory,
                cpu=cpu,
                home="no" if str(home()).startswith(("/home", "/root")) else "yes",
            )
    return {**services, "prosaas.target": _TARGET.format(wants=" ".join(services))}
