/** A student's records by time: a scan looks for those of these hours among those of years. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261128092121 extends Migration {
  override up(): void {
    this.addSql(
      `create index "attendance_record_student_id_marked_at_index" on "attendance_record" ("student_id", "marked_at");`,
    );
    this.addSql(`drop index "attendance_record_student_id_index";`);
  }

  override down(): void {
    this.addSql(
      `create index "attendance_record_student_id_index" on "attendance_record" ("student_id");`,
    );
    this.addSql(`drop index "attendance_record_student_id_marked_at_index";`);
  }
}
