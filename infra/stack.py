"""The AWS home, synthesised from the running code: `cdk deploy --all`.

Reads functions/manifest.py, the tables of every domain and the routes of app.py; adds no
fact of its own but sizes and retention. Regions cn-north-1 and cn-northwest-1 first: no
Cognito, no X-Ray, no function URLs, no edge endpoints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_cdk import App, CfnOutput, CfnParameter, Stack, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from cdk_nag import AwsSolutionsChecks
from constructs import Construct

from infra.aws import plan as plans
from infra.aws.accepted import accept, accept_api
from infra.aws.account import AccountStack
from infra.aws.api import Api
from infra.aws.devices import Devices
from infra.aws.functions import Functions
from infra.aws.plan import Plan
from infra.aws.queues import Queues
from infra.aws.rights import Ground
from infra.aws.storage import Storage
from infra.aws.tables import Tables
from infra.aws.topics import Topics

PACKAGES = Path(__file__).resolve().parents[1] / "build" / "lambda"


class TablesStack(Stack):
    """Every table: what is kept stands apart from what is deployed anew every week."""

    def __init__(
        self, scope: Construct, name: str, *, plan: Plan, key: kms.IKey, **more: Any
    ) -> None:
        super().__init__(scope, name, suppress_template_indentation=True, **more)
        self.tables = Tables(self, "Tables", rows=plan.rows, key=key)


class QueuesStack(Stack):
    """The bus, every queue with its dead letters, and the alarms on them."""

    def __init__(
        self, scope: Construct, name: str, *, plan: Plan, key: kms.IKey, **more: Any
    ) -> None:
        super().__init__(scope, name, suppress_template_indentation=True, **more)
        alarms = sns.Topic(
            self, "Alarms", topic_name="linli-alarms", master_key=key, enforce_ssl=True
        )
        self.queues = Queues(self, "Queues", functions=plan.functions, alarms=alarms)


class LinliStack(Stack):
    """What runs: functions and their topics; and the buckets."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        plan: Plan,
        on: tuple[Tables, Queues, kms.IKey],
        **more: Any,
    ) -> None:
        # CloudFormation takes a megabyte, of which indentation would be a third
        super().__init__(scope, name, suppress_template_indentation=True, **more)
        tables, queues, key = on
        ground = Ground(tables=tables, queues=queues, storage=Storage(self, "Storage"), key=key)
        self.functions = Functions(
            self,
            "Functions",
            plan=plan,
            ground=ground,
            secrets=self._parameters(),
            signing=self._signing(),
            wechat=self._wechat(),
        )
        Topics(
            self,
            "Topics",
            rules=plan.topic_rules,
            functions=plan.functions,
            made=self.functions,
            ground=ground,
        )
        Devices(self, "Devices")
        CfnOutput(self, "MediaBucket", value=ground.storage.media.bucket_name)
        CfnOutput(self, "PackBucket", value=ground.storage.packs.bucket_name)

    def _parameters(self) -> dict[str, str]:
        """Return the environment that only the operator knows; none of it is secret.

        The master key is ciphertext that only our KMS key opens, the token keys are public.
        """
        master = CfnParameter(
            self,
            "MasterKey",
            description="kms:BASE64, from python -m infra.aws.master_key",
            allowed_pattern="kms:[A-Za-z0-9+/=]+",
        )
        tokens = CfnParameter(
            self,
            "TokenKeys",
            description="JWKS of the public Ed25519 keys that sign access tokens",
            default='{"keys": []}',
        )
        issuer = CfnParameter(self, "TokenIssuer", description="iss of our tokens", default="linli")
        longest = CfnParameter(
            self,
            "TokenLongestS",
            type="Number",
            description="how long an access token may live; only a trial's demo tokens need more",
            default=900,
        )
        templates = CfnParameter(
            self,
            "WechatTemplates",
            description="JSON of the subscribe messages' templates (notices/rules/templates.py)",
            default="{}",
        )
        return {
            "LINLI_WECHAT_TEMPLATES": templates.value_as_string,
            "LINLI_TOKEN_LONGEST_S": longest.value_as_string,
            "LINLI_MASTER_KEY": master.value_as_string,
            "LINLI_TOKEN_KEYS": tokens.value_as_string,
            "LINLI_TOKEN_ISSUER": issuer.value_as_string,
        }

    def _signing(self) -> dict[str, str]:
        """Return what the sign-in function alone is told; it is ciphertext of our KMS key."""
        key = CfnParameter(
            self,
            "SigningKey",
            description="kms:BASE64, from python -m infra.aws.signing_key",
            allowed_pattern="(kms:[A-Za-z0-9+/=]+)?",
            default="",
        )
        return {"LINLI_SIGNING_KEY": key.value_as_string}

    def _wechat(self) -> dict[str, str]:
        """Return what is told who speaks to WeChat; the secret is ciphertext of our KMS key."""
        app_id = CfnParameter(
            self, "WechatAppId", description="appid of the mini-program", default=""
        )
        secret = CfnParameter(
            self,
            "WechatSecret",
            description="kms:BASE64, the AppSecret as `aws kms encrypt` makes it",
            allowed_pattern="(kms:[A-Za-z0-9+/=]+)?",
            default="",
            no_echo=True,
        )
        return {
            "LINLI_WECHAT_APP_ID": app_id.value_as_string,
            "LINLI_WECHAT_SECRET": secret.value_as_string,
        }


class ApiStack(Stack):
    """The HTTP API of one audience: all bodies together would fill a template."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        plan: Plan,
        audience: str,
        functions: Functions,
        **more: Any,
    ) -> None:
        super().__init__(scope, name, suppress_template_indentation=True, **more)
        function = functions[plan.audiences[audience].name]
        api = Api(self, audience, routes=plan.api, function=function)
        CfnOutput(self, f"{audience.capitalize()}Url", value=api.url)


def assemble(plan: Plan, **app_options: Any) -> App:
    """Return the app with all stacks and cdk-nag's AwsSolutions rules on them.

    A stack holds 500 resources at most, and a reaction alone is a dozen: record 0034.
    """
    app = App(**app_options)
    account = AccountStack(app, "Account", stack_name="linli-account")
    kept = TablesStack(app, "Tables", plan=plan, key=account.key, stack_name="linli-tables")
    sent = QueuesStack(app, "Queues", plan=plan, key=account.key, stack_name="linli-queues")
    ground = (kept.tables, sent.queues, account.key)
    linli = LinliStack(app, "Linli", plan=plan, on=ground, stack_name="linli")
    accept({"account": account, "queues": sent, "linli": linli}, plan)
    for audience in plan.audiences:
        name = f"Api{audience.capitalize()}"
        answers = ApiStack(
            app,
            name,
            plan=plan,
            audience=audience,
            functions=linli.functions,
            stack_name=f"linli-api-{audience}",
        )
        accept_api(answers, audience)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    return app


def main() -> None:
    """Synthesise for the CDK CLI; `-c packages=DIR` names other Lambda packages."""
    app_context = App().node.try_get_context("packages")
    packages = Path(app_context) if app_context else PACKAGES
    assemble(plans.load(packages)).synth()


if __name__ == "__main__":
    main()
