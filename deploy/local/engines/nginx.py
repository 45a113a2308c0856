"""nginx, the TLS proxy: `python -m deploy.local.engines.nginx --port P --http-port Q --upstream HOST:PORT --data DIR`.

DIR contains `fullchain.pem` and `privkey.pem`. nginx runs in the chroot where it is installed.
"""

import argparse
import shutil
from pathlib import Path
from string import Template

from deploy.local import cache, chroot

PROXY = Path(__file__).parents[2] / "proxy"


def main() -> None:
    arguments = _arguments()
    data: Path = arguments.data
    shutil.copy(PROXY / "problems.conf", data / "problems.conf")
    (data / "nginx.conf").write_text(_configuration(arguments), encoding="utf-8")
    command = ["/usr/sbin/nginx", "-e", "stderr", "-c", f"{chroot.DATA}/nginx.conf", "-g", "daemon off;"]
    chroot.run(cache.piece(cache.DEBIAN), data, command)


def _configuration(arguments: argparse.Namespace) -> str:
    # `safe_substitute` keeps nginx's own variables, such as $host.
    return Template((PROXY / "nginx.conf.template").read_text(encoding="utf-8")).safe_substitute(
        HTTPS_PORT=f"127.0.0.1:{arguments.port}",
        HTTP_PORT=f"127.0.0.1:{arguments.http_port}",
        UPSTREAM=arguments.upstream,
        CONNECTIONS_PER_SOURCE=str(arguments.connections_per_source),
        TLS_CERTIFICATE=f"{chroot.DATA}/fullchain.pem",
        TLS_KEY=f"{chroot.DATA}/privkey.pem",
        PROBLEMS=f"{chroot.DATA}/problems.conf",
        RUN=chroot.DATA,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="nginx on 127.0.0.1, in front of a gateway.")
    parser.add_argument("--port", type=int, required=True, help="of HTTPS")
    parser.add_argument("--http-port", type=int, required=True, help="redirects to HTTPS")
    parser.add_argument("--upstream", required=True, help="the gateway's public listener")
    parser.add_argument("--connections-per-source", type=int, default=512)
    parser.add_argument("--data", type=Path, required=True, help="folder with the certificate and its key")
    return parser.parse_args()


if __name__ == "__main__":
    main()
