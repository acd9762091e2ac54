/** The roll call of one session: staff mark the class, students see their own mark. */
import { useParams } from 'react-router';
import { useUser } from '../app-context.ts';
import { LoadFailed, LoadingCards } from '../shared/states.tsx';
import { OwnMark } from './own-mark.tsx';
import './roll-call.css';
import { RollCall } from './roll-call.tsx';
import { RollHeader } from './roll-header.tsx';
import { useLiveRoll } from './use-live-roll.ts';
import { useMarking } from './use-marking.ts';

/** The page; another session is another page. */
export function RollCallPage() {
  const { session } = useParams();
  if (session === undefined) throw new Error('the address names no session');
  return <SessionPage key={session} id={session} />;
}

function SessionPage({ id }: { readonly id: string }) {
  const user = useUser();
  const { marking, state } = useMarking(id);
  const { session, roster, newsOf } = useLiveRoll(id, (student) => state.unsent.has(student));

  const failed = session.data === undefined ? session : roster.data === undefined ? roster : null;
  if (failed?.error) {
    return <LoadFailed error={failed.error} onRetry={() => void failed.refetch()} />;
  }
  if (session.data === undefined || roster.data === undefined) {
    return <LoadingCards count={3} height={110} />;
  }
  const rows = roster.data.students;
  const own = rows.find(({ student }) => student.id === user.student_id);
  const isOnlyOwn = own !== undefined && rows.length === 1 && !session.data.can.mark;
  return (
    <>
      <RollHeader session={session.data} />
      {isOnlyOwn ? (
        <OwnMark session={session.data} row={own} />
      ) : (
        <RollCall
          session={session.data}
          rows={rows}
          newsOf={newsOf}
          marking={marking}
          state={state}
        />
      )}
    </>
  );
}
