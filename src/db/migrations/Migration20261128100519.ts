/** One index finds a repeated position, whether of the same phone or of the same class. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261128100519 extends Migration {
  override up(): void {
    this.addSql(
      `create index "presence_evidence_position_hash" on "presence_evidence" ("position_hash") where "position_hash" is not null;`,
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
    this.addSql('drop index "presence_evidence_position_hash";');
  }
}
