/** The report's filters, kept in the address so that a view can be sent to a colleague. */
import { useSearchParams } from 'react-router';
import { VERDICTS, type Verdict } from '../api/types.ts';

/** What narrows the report; null lets everything through. */
export interface ReportFilters {
  readonly section: string | null;
  readonly verdict: Verdict | null;
  /** From 1. */
  readonly page: number;
}

/** The filters and how to change them. */
export function useReportFilters(): [ReportFilters, (filters: ReportFilters) => void] {
  const [parameters, setParameters] = useSearchParams();
  const page = Number(parameters.get('page') ?? 1);
  const filters = {
    section: parameters.get('section'),
    verdict: VERDICTS.find((verdict) => verdict === parameters.get('verdict')) ?? null,
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
  return [filters, (next) => setParameters(toParameters(next), { replace: true })];
}

/** Only what differs from the whole report. */
function toParameters({ section, verdict, page }: ReportFilters): Record<string, string> {
  return {
    ...(section === null ? {} : { section }),
    ...(verdict === null ? {} : { verdict }),
    ...(page === 1 ? {} : { page: String(page) }),
  };
}
