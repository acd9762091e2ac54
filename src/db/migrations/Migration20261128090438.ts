/** Codes for a first device: the digits follow from the id, and belong to the sign-in that asked. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261128090438 extends Migration {
  override up(): void {
    // No release wrote a row here. One that exists anyway could not be recognised any more.
    this.addSql(`delete from "device_code";`);
    this.addSql(`alter table "device_code" drop column "code_hash";`);
    this.addSql(`alter table "device_code" add "sign_in_id" uuid not null;`);
  }

  override down(): void {
    this.addSql(`delete from "device_code";`);
    this.addSql(`alter table "device_code" drop column "sign_in_id";`);
    this.addSql(`alter table "device_code" add "code_hash" text not null;`);
  }
}
