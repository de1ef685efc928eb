"""Consent: one purpose per record, given and taken back with the same ease (PIPL 14-16, 29).

A person's standing towards a purpose is the last record about it. `decided` and `withdrawn`
give the next standing or the reason why there is none; neither reads a clock.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

QUIET = timedelta(days=30)
"""After a refusal or a withdrawal nobody asks again for so long (LAW.md P1)."""


class Purpose(StrEnum):
    """What the data are used for; a new use is a new member and a new consent."""

    FACE_RECOGNITION = "face_recognition"
    FINGERPRINT = "fingerprint"
    ELDER_MONITORING = "elder_monitoring"
    HEALTH_RECORD = "health_record"
    PLATE_RECOGNITION = "plate_recognition"
    NEIGHBOUR_DIRECTORY = "neighbour_directory"
    GOVERNMENT_SERVICES = "government_services"
    MARKETING = "marketing"


class Decision(StrEnum):
    """What a person says when asked."""

    GIVEN = "given"
    REFUSED = "refused"


class State(StrEnum):
    """How a person stands towards a purpose.

    `expired` is given and past its end; `outdated` is given to a text that asked for
    something else than today's does.
    """

    NEVER_ASKED = "never_asked"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OUTDATED = "outdated"


class Channel(StrEnum):
    """Where it was decided: in answer to our question, or in the settings unasked."""

    PROMPT = "prompt"
    SETTINGS = "settings"
    PAPER = "paper"


@dataclass(frozen=True)
class Notice:
    """The text that a person agrees to, with what PIPL 17 and 30 want said.

    `material`: other data, another recipient or another use than in the text before, so that
    consents to that one no longer hold (PIPL 14). False for another wording of the same.
    """

    version: str
    text: str
    kinds: tuple[str, ...]
    recipient: str
    lasts: timedelta
    sensitive: bool = True
    material: bool = True

    @cached_property
    def sha256(self) -> str:
        """Return the digest of all that is agreed to; the client repeats what was on the screen."""
        said = [self.text, self.kinds, self.recipient, self.lasts.days]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


_YEAR = timedelta(days=365)

NOTICES: Mapping[Purpose, tuple[Notice, ...]] = {
    Purpose.FACE_RECOGNITION: (
        Notice(
            "2026-11",
            "用于人脸识别开门。人脸特征只保存在您选择的门口设备内，不上传网络；"
            "不同意不影响您使用门卡、二维码、密码或手机开门；撤回后24小时内从全部设备删除。",
            ("face_template_on_device",),
            "物业服务企业",
            _YEAR,
        ),
    ),
    Purpose.FINGERPRINT: (
        Notice(
            "2026-11",
            "用于指纹识别开门。指纹特征只保存在您选择的门口设备内，不上传网络；"
            "不同意不影响您使用门卡、二维码、密码或手机开门；撤回后24小时内从全部设备删除。",
            ("fingerprint_template_on_device",),
            "物业服务企业",
            _YEAR,
        ),
    ),
    Purpose.ELDER_MONITORING: (
        Notice(
            "2026-11",
            "用于独居老人关怀：根据用水、用电和出入情况判断异常，并按顺序联系您指定的家属、网格员。"
            "原始数据保存30天，告警保存1年；您可随时撤回。",
            ("water_use", "power_use", "passages"),
            "物业服务企业、社区网格员",
            _YEAR,
        ),
    ),
    Purpose.HEALTH_RECORD: (
        Notice(
            "2026-11",
            "用于紧急求助时向急救人员提供您填写的健康情况，不作其他用途；您可随时撤回。",
            ("health",),
            "物业服务企业、急救机构",
            _YEAR,
        ),
    ),
    Purpose.PLATE_RECOGNITION: (
        Notice(
            "2026-11",
            "用于识别您的车牌自动抬杆。出入记录保存90天；不同意时可人工登记出入；您可随时撤回。",
            ("plate", "passages"),
            "物业服务企业",
            3 * _YEAR,
        ),
    ),
    Purpose.NEIGHBOUR_DIRECTORY: (
        Notice(
            "2026-11",
            "用于在本小区邻里名录中显示您的昵称和楼栋，不显示电话和房号；您可随时撤回。",
            ("nickname", "building"),
            "本小区业主",
            _YEAR,
            sensitive=False,
        ),
    ),
    Purpose.GOVERNMENT_SERVICES: (
        Notice(
            "2026-11",
            "用于社区居委会为您办理您申请的政务便民服务，提供姓名、电话和房屋信息；您可随时撤回。",
            ("name", "phone", "unit"),
            "社区居民委员会",
            _YEAR,
        ),
    ),
    Purpose.MARKETING: (
        Notice(
            "2026-11",
            "用于向您推送周边商家优惠信息，不向商家提供您的个人信息；您可随时撤回。",
            ("push",),
            "物业服务企业",
            _YEAR,
            sensitive=False,
        ),
    ),
}
"""Every text that people were ever shown, in order: the last one is today's, none is changed.

A text that says something else is a new `Notice` behind the others.
"""


def current(purpose: Purpose) -> Notice:
    """Return today's text of a purpose."""
    return NOTICES[purpose][-1]


def still_good(sha256: str, notices: Sequence[Notice]) -> bool:
    """Return whether a consent to this text covers what today's text asks for."""
    digests = [notice.sha256 for notice in notices]
    if sha256 not in digests:
        return False
    return not any(notice.material for notice in notices[digests.index(sha256) + 1 :])


@dataclass(frozen=True)
class Standing:
    """How a person stands towards one purpose, and which text they decided on."""

    state: State = State.NEVER_ASKED
    expires: datetime | None = None
    quiet_until: datetime | None = None
    text_sha256: str = ""
    still_good: bool = True

    def at(self, moment: datetime) -> "Standing":
        """Return the standing as it is at an instant: what is given may have ended by itself."""
        if self.state is not State.GIVEN:
            return self
        if self.expires is not None and self.expires <= moment:
            return replace(self, state=State.EXPIRED)
        return self if self.still_good else replace(self, state=State.OUTDATED)

    def holds(self, moment: datetime) -> bool:
        """Return whether the data may be used for the purpose at an instant."""
        return self.at(moment).state is State.GIVEN

    def may_be_asked(self, moment: datetime) -> bool:
        """Return whether the person may be asked: not while it holds, nor while it is quiet."""
        quiet = self.quiet_until is not None and moment < self.quiet_until
        return not quiet and not self.holds(moment)


def refusal(
    standing: Standing, channel: Channel, shown: tuple[str, str], purpose: Purpose, at: datetime
) -> str | None:
    """Return why a decision is not taken down, or None.

    `shown` is version and sha256 of the text that was on the screen. During the quiet only
    our asking is barred: a person may change their mind unasked at any time.
    """
    notice = current(purpose)
    if shown != (notice.version, notice.sha256):
        return "consent_text_changed"
    if channel is Channel.PROMPT and not standing.may_be_asked(at):
        return "consent_quiet"
    return None


def decided(
    decision: Decision, purpose: Purpose, at: datetime, until: datetime | None = None
) -> Standing:
    """Return the standing after a decision; `until` may shorten a consent, never lengthen it."""
    notice = current(purpose)
    if decision is Decision.REFUSED:
        return Standing(State.REFUSED, quiet_until=at + QUIET, text_sha256=notice.sha256)
    end = at + notice.lasts
    end = min(end, until) if until else end
    return Standing(State.GIVEN, expires=end, text_sha256=notice.sha256)


def withdrawn(standing: Standing, at: datetime) -> Standing:
    """Return the standing after a withdrawal, which is a refusal too."""
    return replace(standing, state=State.WITHDRAWN, expires=None, quiet_until=at + QUIET)
