"""The typed environment: every address and plugin name that one home sets differently."""

import os
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Settings:
    """What the process was told by its environment; never changes while it runs."""

    stage: str
    table_prefix: str
    event_bus: str
    queue_prefix: str
    media_bucket: str
    archive_bucket: str
    commit_fence: bool
    dynamodb_key: str
    command_bus: str
    command_bus_url: str
    driver_hosts: str
    token_keys: str
    token_issuer: str
    token_longest_s: int
    signing_key: str
    master_key: str
    receipt_key: str
    model_pack: str
    wechat_url: str
    wechat_app_id: str
    wechat_secret: str
    wechat_templates: str


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the environment once.

    `LINLI_COMMIT_FENCE=1` reads a row back after each transaction: DynamoDB Local
    answers up to 3 ms before its journal has the commit. `LINLI_DYNAMODB_KEY=id:secret`
    signs what goes to DynamoDB and nothing else; empty: the key of all other services.
    `LINLI_TOKEN_LONGEST_S` is how long an access token may live, and how far back
    revocations are remembered: only a demonstration's tokens live longer than 15 minutes.
    `LINLI_WECHAT_TEMPLATES` is the JSON of `notices.rules.templates.read`.
    """
    env = os.environ.get
    return Settings(
        stage=env("LINLI_STAGE", "demo"),
        table_prefix=env("LINLI_TABLE_PREFIX", "linli-"),
        event_bus=env("LINLI_EVENT_BUS", "linli"),
        queue_prefix=env("LINLI_QUEUE_PREFIX", ""),
        media_bucket=env("LINLI_MEDIA_BUCKET", "linli-media"),
        archive_bucket=env("LINLI_ARCHIVE_BUCKET", "linli-archive"),
        commit_fence=env("LINLI_COMMIT_FENCE", "") == "1",
        dynamodb_key=env("LINLI_DYNAMODB_KEY", ""),
        command_bus=env("LINLI_COMMAND_BUS", "iot_core"),
        command_bus_url=env("LINLI_COMMAND_BUS_URL", ""),
        driver_hosts=env("LINLI_DRIVER_HOSTS", ""),
        token_keys=env("LINLI_TOKEN_KEYS", '{"keys": []}'),
        token_issuer=env("LINLI_TOKEN_ISSUER", "linli"),
        token_longest_s=int(env("LINLI_TOKEN_LONGEST_S", "900")),
        signing_key=env("LINLI_SIGNING_KEY", ""),
        master_key=env("LINLI_MASTER_KEY", ""),
        receipt_key=env("LINLI_RECEIPT_KEY", ""),
        model_pack=env("LINLI_MODEL_PACK", ""),
        wechat_url=env("LINLI_WECHAT_URL", "https://api.weixin.qq.com"),
        wechat_app_id=env("LINLI_WECHAT_APP_ID", ""),
        wechat_secret=env("LINLI_WECHAT_SECRET", ""),
        wechat_templates=env("LINLI_WECHAT_TEMPLATES", "{}"),
    )
