"""Hints for a person after the demonstration, while the stack is up."""

import shlex

from rich.console import Console

from deploy.demo.data import DemoAccount
from deploy.demo.screen import say
from deploy.demo.stage import Stage


def show_hints(console: Console, account: DemoAccount, stage: Stage) -> None:
    """Print the addresses, a sign-in and three shell lines, which work when they are pasted in order."""
    url = stage.env["PUBLIC_URL"]
    stop = (
        "Ctrl-C stops everything; the data is kept" if stage.own else "Ctrl-C; the stack that ran before keeps running"
    )
    hints = {"portal": url, "NISS": account.niss, "password": account.password, "API page": f"{url}/docs"}
    hints |= {"mails": str(stage.home.mails), "to stop": stop}
    say(console, "\nEverything stays up. Try it as one of the people in the demonstration:\n")
    for name, value in hints.items():
        say(console, f"  [dim]{name:<9}[/] {value}")
    for title, line in zip(("sign in", "file", "read"), curl_lines(account, url), strict=True):
        say(console, f"\n[dim]# {title}[/]")
        console.print(line, soft_wrap=True, markup=False)
    say(console, "")


def curl_lines(account: DemoAccount, url: str) -> tuple[str, str, str]:
    """Shell lines to sign in, file and read. When one fails, it and all later ones print an error."""
    curl = "curl -sS --fail-with-body"
    json = "-H 'Content-Type: application/json'"
    bearer = '-H "Authorization: Bearer ${TOKEN:?sign in first}"'
    credentials = f'{{"niss":"{account.niss}","password":"{account.password}"}}'
    words = '{"subject":"FAM-01","reason":"INF","description":"Quando recebo o abono de família deste mês?"}'
    key = '-H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)"'
    begin = f"{curl} {url}/v1/sessions {json} -d {shlex.quote(credentials)}"
    file = f"{curl} {url}/v1/requests {bearer} {key} {json} -d {shlex.quote(words)}"
    read = f'{curl} "{url}/v1/requests/${{REF:?file first}}/timeline" {bearer}'
    return (
        f'TOKEN=$({begin} | {_only("token")}); : "${{TOKEN:?not signed in}}"',
        f'REF=$({file} | {_only("reference")}); echo "${{REF:?not filed}}"',
        f"{read} | python3 -m json.tool --no-ensure-ascii",
    )


def _only(field: str) -> str:
    """A sed filter that prints the value of one field of flat JSON, and nothing when the field is missing."""
    return f"""sed -n 's/.*"{field}":"\\([^"]*\\)".*/\\1/p'"""
