/** When the display of a session ends, beside that it runs; those shown before get an hour at most. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261128090240 extends Migration {
  override up(): void {
    this.addSql(`alter table "session_display" add "expires_at" timestamptz null;`);
    this.addSql(
      `update "session_display" d set "expires_at" = date_trunc('second',
         least(s."closes_at", d."started_at" + interval '1 hour'))
       from "attendance_session" s where s."id" = d."session_id";`,
    );
    this.addSql(`alter table "session_display" alter column "expires_at" set not null;`);
  }

  override down(): void {
    this.addSql(`alter table "session_display" drop column "expires_at";`);
  }
}
