/** One course of a student: the number, what it means for the exam, and its history on demand. */
import { Button, Collapse, Group, Paper, Stack, Text } from '@mantine/core';
import { useDisclosure, useId } from '@mantine/hooks';
import { IconChevronDown } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ListedRecord, StudentCourse } from '../api/types.ts';
import { MARK_LOOKS, VerdictChip } from '../shared/chips.tsx';
import { RecordHistory } from './record-history.tsx';
import '../shared/counts-bar.css';
import { ThresholdMeter } from '../shared/threshold-meter.tsx';
import { useOutlook } from './use-outlook.ts';

interface CourseCardProps {
  readonly course: StudentCourse;
  readonly student: string;
  readonly onCorrect: (record: ListedRecord) => void;
}

/** The card. */
export function CourseCard({ course, student, onCorrect }: CourseCardProps) {
  const { t } = useTranslation();
  const [isOpen, history] = useDisclosure(false);
  const panel = useId();
  const outlook = useOutlook();
  const { course: named, section_name: section, id } = course.course_section;
  const title = `${named.code} ${named.name}`;
  return (
    <Paper component="article" p="md" aria-label={title} data-course={named.code}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" wrap="nowrap" gap="sm">
          <div>
            <Text size="sm" c="dimmed">
              {named.code} · {section}
            </Text>
            <Text component="h3" fw={620} fz="md" lh={1.3} m={0}>
              {named.name}
            </Text>
          </div>
          <VerdictChip verdict={course.verdict} />
        </Group>
        <div className="course-body">
          <Figure course={course} />
          <Stack gap={8} className="course-middle">
            <ThresholdMeter
              label={title}
              value={course.value_bp}
              shown={course.attendance_percentage}
              threshold={course.threshold_percent}
              verdict={course.verdict}
            />
            <MarkCounts course={course} />
          </Stack>
        </div>
        <Group justify="space-between" align="center" gap="sm">
          <Text size="sm" fw={540} data-testid="outlook">
            {outlook(course)}
          </Text>
          <Button
            size="xs"
            variant="subtle"
            onClick={history.toggle}
            aria-expanded={isOpen}
            aria-controls={panel}
            aria-label={t('mine.historyOf', { course: title })}
            rightSection={
              <IconChevronDown size={15} aria-hidden className="history-arrow" data-open={isOpen} />
            }
          >
            {t('mine.history')}
          </Button>
        </Group>
      </Stack>
      <Collapse expanded={isOpen} id={panel}>
        {isOpen ? <RecordHistory section={id} student={student} onCorrect={onCorrect} /> : null}
      </Collapse>
    </Paper>
  );
}

function Figure({ course }: { readonly course: StudentCourse }) {
  const { t } = useTranslation();
  const { attendance_percentage: shown, attended, held } = course;
  return (
    <div className="course-figure numbers">
      <Text fz={28} fw={680} lh={1.1} data-testid="percentage">
        {shown === null ? '–' : `${shown}\u00a0%`}
      </Text>
      <Text size="sm" c="dimmed">
        {held === 0 ? t('mine.noClasses') : t('mine.ofClasses', { attended, held })}
      </Text>
    </div>
  );
}

const COUNTED = ['present', 'late', 'absent', 'excused'] as const;

function MarkCounts({ course }: { readonly course: StudentCourse }) {
  const { t } = useTranslation();
  const counts = {
    present: course.present_count,
    late: course.late_count,
    absent: course.absent_count,
    excused: course.excused_count,
  };
  return (
    <ul className="counts-list numbers">
      {COUNTED.map((mark) => {
        const { icon: Icon, tone } = MARK_LOOKS[mark];
        return (
          <li key={mark} className={`counts-item tone-${tone}`}>
            <Icon size={15} stroke={2.2} aria-hidden />
            <strong>{counts[mark]}</strong>
            <span className="counts-word">{t(`mark.${mark}`)}</span>
          </li>
        );
      })}
      {course.not_recorded === 0 ? null : (
        <li className="counts-item tone-unmarked">
          <MARK_LOOKS.unmarked.icon size={15} stroke={2.2} aria-hidden />
          <strong>{course.not_recorded}</strong>
          <span className="counts-word">{t('mark.notRecorded')}</span>
        </li>
      )}
      {course.not_taken === 0 ? null : (
        <li className="counts-item tone-unmarked">
          <span className="counts-word">{t('mine.notTaken', { count: course.not_taken })}</span>
        </li>
      )}
    </ul>
  );
}
