/** Indexes over the sessions that still have something to come, however many are behind them. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261123172000 extends Migration {
  override up(): void {
    // The planner's next page.
    this.addSql(
      `create index "attendance_session_unstarted" on "attendance_session" ("opens_at", "id") where "workflow_started_at" is null and "status" <> 'locked';`,
    );
    // The reconciler's late rows.
    this.addSql(
      `create index "attendance_session_unfinished" on "attendance_session" ("status", "opens_at") where "status" in ('scheduled', 'open', 'closed');`,
    );
  }

  override down(): void {
    this.addSql('drop index "attendance_session_unfinished";');
    this.addSql('drop index "attendance_session_unstarted";');
  }
}
