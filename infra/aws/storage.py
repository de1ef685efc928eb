"""S3: pictures from devices, what votes keep, model packs, the record of who read them."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

PICTURES_KEPT = Duration.days(30)
"""Event stills and evidence are kept 30 days (LAW.md 3.2; docs/decisions/0019)."""

LOGS_KEPT = Duration.days(180)
"""Access logs: at least six months (Cybersecurity Law 23(3))."""

FOLDER = "*/{}/*"
"""A folder of every community: `{community}/stills/{device}/{sha256}.jpg`, and `evidence`."""

PACK = "lift/"
"""The model pack of the lift cameras, in the bucket of packs."""


class Storage(Construct):
    """Private buckets, TLS only, every read recorded: pictures, the archive, and model packs.

    Pictures are kept 30 days. In the archive nothing ends by itself; the key that signs for it
    stands beside it.

    Amazon's own keys encrypt them: whoever asks for a presigned POST would otherwise need
    rights to our key.
    """

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.reads = self._bucket(
            "Reads",
            f"linli-media-reads-{Aws.ACCOUNT_ID}-{Aws.REGION}",
            lifecycle_rules=[s3.LifecycleRule(id="reads", expiration=LOGS_KEPT)],
        )
        # Communities come first in a key, so the rule is the whole bucket's.
        stills = s3.LifecycleRule(id="stills", expiration=PICTURES_KEPT)
        self.media = self._bucket(
            "Media",
            f"linli-media-{Aws.ACCOUNT_ID}-{Aws.REGION}",
            server_access_logs_bucket=self.reads,
            lifecycle_rules=[stills, _unfinished()],
        )
        self.archive = self._bucket(
            "Archive",
            f"linli-archive-{Aws.ACCOUNT_ID}-{Aws.REGION}",
            server_access_logs_bucket=self.reads,
            versioned=True,  # what was published can be added to, never replaced unseen
            lifecycle_rules=[_unfinished()],
        )
        self.receipts = _signing_key(self)
        self.packs = self._bucket(
            "Packs",
            f"linli-packs-{Aws.ACCOUNT_ID}-{Aws.REGION}",
            server_access_logs_bucket=self.reads,
            versioned=True,
        )

    def _bucket(self, name: str, bucket_name: str, **more: object) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            bucket_name=bucket_name,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=RemovalPolicy.RETAIN,
            **more,  # type: ignore[arg-type]  # options of Bucket by name
        )


def _unfinished() -> s3.LifecycleRule:
    """Return the rule that takes away uploads that nobody finished."""
    return s3.LifecycleRule(
        id="unfinished", abort_incomplete_multipart_upload_after=Duration.days(1)
    )


def _signing_key(scope: Construct) -> kms.Key:
    """Make the key that signs receipts and checkpoints; it never leaves KMS.

    Retained: whoever kept a receipt will want to check it in years (LAW.md 1.7.4).
    """
    return kms.Key(
        scope,
        "Receipts",
        alias="alias/linli-receipts",
        description="Linli: receipts of ballots and checkpoints of their logs",
        key_spec=kms.KeySpec.ECC_NIST_P256,
        key_usage=kms.KeyUsage.SIGN_VERIFY,
        removal_policy=RemovalPolicy.RETAIN,
    )
