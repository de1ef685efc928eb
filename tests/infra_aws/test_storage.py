"""What ministack drops in silence is asserted here: TTL, PITR, encryption, lifecycle."""

from __future__ import annotations

from chalicelib.core.table import describe, tables


def test_every_row_class_has_its_table_with_its_keys_and_indexes(linli):
    made = {p["TableName"]: p for p in linli.properties("DynamoDB::Table")}
    assert set(made) == {f"linli-{short}" for short in tables()}
    for row in tables().values():
        wanted, got = describe(row), made[row.Meta.table_name]
        assert got["KeySchema"] == wanted["KeySchema"]
        assert got["BillingMode"] == "PAY_PER_REQUEST"
        assert got.get("GlobalSecondaryIndexes", []) == wanted.get("GlobalSecondaryIndexes", [])


def test_tables_expire_what_they_say_expires(linli):
    for row in tables().values():
        got = linli.named("DynamoDB::Table", "TableName", row.Meta.table_name)
        ttl = getattr(row.Meta, "ttl", None)
        wanted = ttl and {"AttributeName": ttl, "Enabled": True}
        assert got.get("TimeToLiveSpecification") == wanted, row.short


def test_tables_are_recoverable_sealed_and_kept(linli):
    for resource in linli.of("DynamoDB::Table").values():
        made = resource["Properties"]
        assert made["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert made["SSESpecification"]["SSEType"] == "KMS"
        assert "KMSMasterKeyId" in made["SSESpecification"]
        assert made["DeletionProtectionEnabled"] is True
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_only_streamed_tables_stream_new_images(linli):
    for row in tables().values():
        got = linli.named("DynamoDB::Table", "TableName", row.Meta.table_name)
        wanted = {"StreamViewType": "NEW_IMAGE"} if getattr(row.Meta, "stream", False) else None
        assert got.get("StreamSpecification") == wanted, row.short


def test_buckets_are_private_kept_and_record_their_readers(linli):
    for resource in linli.of("S3::Bucket").values():
        assert set(resource["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
        assert resource["DeletionPolicy"] == "Retain"
    logged = [b for b in linli.properties("S3::Bucket") if "LoggingConfiguration" in b]
    assert len(logged) == 3  # pictures, the archive, model packs; the record is of their readers


def test_nothing_in_the_archive_ends_by_itself(linli):
    (archive,) = [
        bucket
        for bucket in linli.properties("S3::Bucket")
        if "linli-archive" in str(bucket["BucketName"])
    ]
    rules = archive["LifecycleConfiguration"]["Rules"]
    assert [rule["Id"] for rule in rules] == ["unfinished"]
    assert not any("Expiration" in name for rule in rules for name in rule)
    assert archive["VersioningConfiguration"] == {"Status": "Enabled"}


def test_buckets_refuse_plain_http(linli):
    refusing = [
        statement
        for policy in linli.properties("S3::BucketPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"].get("Bool") == {"aws:SecureTransport": "false"}
    ]
    assert len(refusing) == len(linli.of("S3::Bucket"))


def test_stills_are_gone_after_thirty_days(linli):
    rules = [
        rule
        for bucket in linli.properties("S3::Bucket")
        for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    ]
    assert [r["ExpirationInDays"] for r in rules if r["Id"] == "stills"] == [30]


def test_the_key_rotates_and_outlives_the_stack(account):
    (key,) = account.of("KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == "Retain"
