/**
 * A repeated position is looked up by its hash first: an index that begins with the phone or the class
 * is read whole by a planner that has not seen it grow.
 */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261128100519 extends Migration {
  override up(): void {
    this.addSql(
      `create index "presence_evidence_position_session" on "presence_evidence" ("position_hash", "session_id") where "position_hash" is not null;`,
    );
    this.addSql(
      `create index "presence_evidence_position_device" on "presence_evidence" ("position_hash", "device_key_id") where "position_hash" is not null;`,
    );
    this.addSql('drop index "presence_evidence_position";');
    this.addSql('drop index "presence_evidence_device_key_id_position_hash_index";');
  }

  override down(): void {
    this.addSql(
      `create index "presence_evidence_device_key_id_position_hash_index" on "presence_evidence" ("device_key_id", "position_hash");`,
    );
    this.addSql(
      `create index "presence_evidence_position" on "presence_evidence" ("session_id", "position_hash") where "position_hash" is not null;`,
    );
    this.addSql('drop index "presence_evidence_position_device";');
    this.addSql('drop index "presence_evidence_position_session";');
  }
}
