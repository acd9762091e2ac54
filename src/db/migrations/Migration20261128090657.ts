/** Versions of rooms and campuses, so that of two who change a place or the networks one is told. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261128090657 extends Migration {
  override up(): void {
    this.addSql(`alter table "campus" add "version" int not null default 1;`);
    this.addSql(`alter table "room" add "version" int not null default 1;`);
  }

  override down(): void {
    this.addSql(`alter table "campus" drop column "version";`);
    this.addSql(`alter table "room" drop column "version";`);
  }
}
