/**
 * The key of a phone is forgotten a year after it was last anybody's; its thumbprint stays, as the
 * ledger names it. Old evidence is found by its age, which grows with the table: a block range index.
 */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261201040723 extends Migration {
  override up(): void {
    this.addSql('alter table "device_key" alter column "public_key" drop not null;');
    this.addSql(
      'create index "presence_evidence_age" on "presence_evidence" using brin ("created_at");',
    );
  }

  override down(): void {
    this.addSql('drop index "presence_evidence_age";');
    this.addSql(`update "device_key" set "public_key" = '{}' where "public_key" is null;`);
    this.addSql('alter table "device_key" alter column "public_key" set not null;');
  }
}
