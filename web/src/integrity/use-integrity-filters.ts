/** What the report looks at, kept in the address so that a view can be sent to a colleague. */
import { useSearchParams } from 'react-router';

/** Section and days; null lets everything through. */
export interface ReportFilters {
  readonly section: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

/** The filters and how to change them. */
export function useIntegrityFilters(): [ReportFilters, (filters: ReportFilters) => void] {
  const [parameters, setParameters] = useSearchParams();
  const filters = {
    section: parameters.get('section'),
    from: parameters.get('from'),
    to: parameters.get('to'),
  };
  return [filters, (next) => setParameters(toParameters(next), { replace: true })];
}

/** Only what is chosen. */
function toParameters({ section, from, to }: ReportFilters): Record<string, string> {
  return {
    ...(section === null ? {} : { section }),
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  };
}
