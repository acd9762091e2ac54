/** What a student can still do about a course, as one sentence. */
import { useTranslation } from 'react-i18next';
import type { CourseNumbers } from '../api/types.ts';

/** Gives the sentence for a course; the counts are the API's projection (eligibility.md section 7). */
export function useOutlook(): (course: CourseNumbers) => string {
  const { t } = useTranslation();
  return ({ verdict, projection, threshold_percent: percent }) => {
    const { consecutive_needed: needed, may_miss: mayMiss } = projection;
    if (verdict === 'insufficient_data') return t('mine.insufficient');
    if (verdict === 'eligible') {
      return mayMiss === null ? t('mine.eligible') : t('mine.mayMiss', { count: mayMiss });
    }
    if (needed === null) return t('mine.cannotReach');
    return needed === 0 ? t('mine.notEligible') : t('mine.mustAttend', { count: needed, percent });
  };
}
