"""Each code of the vendor's table of errors is one of ours, or the page on compatibility says why it is not."""

import re
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
# Vendor page "Error codes of API Gateway".
VENDOR = set(
    re.findall(
        r"\w{6}",
        """
I400HD I400MH I400BD I400PA I400PH I405UM I400RU I403PT I413RL I413UL I400CT I404DO I410GG I400SG I404NF X400PM X500ED
X500AM X403DG B451DO B451GO B403OD A400AC A401AC A400IK A403IS A403EP A403PR A400MA I403AA I400I5 I400NC S403NU S403TE
I400MP I400IP I400JR S403JI S403JU I400JD A403JT A403JK A403JE I400JP A403OL A403OU A401OT A401OM T429ID T429IN T429GR
T429PA T429PR T429UP T429SR T429MR A403IP A403IN A403VN A403AC A403CO I404CO I404CH I404NR I404SR I504RB B403MO B403MQ
B403ME B403MI D504RE D504IL D504CO D504CS D504TO X504VE D503BB D503CB I508LD I404DD A403FC D502FC N502RE X500ER X503BZ
X504TO
""",
    )
)


def test_each_code_is_sent_or_explained_and_not_both() -> None:
    sent = set(re.findall(r"^\| ([A-Z]\d{3}[A-Z0-9]{2}) \|", (REFERENCE / "refusals.md").read_text(), re.MULTILINE))
    page = (REFERENCE / "compatibility.md").read_text()
    section = page.split("never sent\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    explained = {code for row in rows for code in re.findall(r"`(\w{6})`", row)}
    assert sent & explained == set()
    assert VENDOR - sent - explained == set()
    assert explained - VENDOR == set()
