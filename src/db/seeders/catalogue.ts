/** What the demo university consists of: departments, courses, student groups, rooms and names. */
import type { Component } from '../../domain/types.ts';

/** The university and its one campus; Karnataka's public holidays apply. */
export const UNIVERSITY = {
  institutionId: '01900000-0000-7000-8000-000000000001',
  name: 'Demo University',
  zone: 'Asia/Kolkata',
  campusCode: 'MAIN',
  campusName: 'Bengaluru Campus',
  country: 'IN',
  state: 'KA',
} as const;

/** A course: weekly lectures, and one practical of two periods. */
export interface CourseSeed {
  readonly code: string;
  readonly name: string;
  readonly credits: number;
}

/** Students of one year who take the same classes together. */
export interface GroupSeed {
  readonly name: 'A' | 'B';
  readonly size: number;
  readonly homeRoom: string;
}

/**
 * A department. The first two courses have a section for each group; the third is taken by group A,
 * the fourth by group B, so six sections and three courses for every student.
 */
export interface DepartmentSeed {
  readonly code: string;
  readonly name: string;
  readonly rollPrefix: string;
  readonly courses: readonly [CourseSeed, CourseSeed, CourseSeed, CourseSeed];
  readonly groups: readonly [GroupSeed, GroupSeed];
  readonly laboratory: string;
  readonly theoryTeachers: number;
  readonly laboratoryTeachers: number;
}

const course = (code: string, name: string): CourseSeed => ({ code, name, credits: 4 });

/** The departments: 400 students, 12 courses, 18 sections and 25 members of staff in all. */
export const DEPARTMENTS: readonly DepartmentSeed[] = [
  {
    code: 'CSE',
    name: 'Computer Science and Engineering',
    rollPrefix: 'CS',
    courses: [
      course('CS301', 'Design and Analysis of Algorithms'),
      course('CS302', 'Operating Systems'),
      course('CS303', 'Database Systems'),
      course('CS304', 'Computer Networks'),
    ],
    groups: [
      { name: 'A', size: 72, homeRoom: 'A101' },
      { name: 'B', size: 68, homeRoom: 'A102' },
    ],
    laboratory: 'L201',
    theoryTeachers: 3,
    laboratoryTeachers: 4,
  },
  {
    code: 'ECE',
    name: 'Electronics and Communication Engineering',
    rollPrefix: 'EC',
    courses: [
      course('EC301', 'Digital Signal Processing'),
      course('EC302', 'Microprocessors and Interfacing'),
      course('EC303', 'Control Systems'),
      course('EC304', 'Analog Communication'),
    ],
    groups: [
      { name: 'A', size: 66, homeRoom: 'B101' },
      { name: 'B', size: 66, homeRoom: 'B102' },
    ],
    laboratory: 'L202',
    theoryTeachers: 6,
    laboratoryTeachers: 3,
  },
  {
    code: 'MEC',
    name: 'Mechanical Engineering',
    rollPrefix: 'ME',
    courses: [
      course('ME301', 'Applied Thermodynamics'),
      course('ME302', 'Fluid Mechanics'),
      course('ME303', 'Manufacturing Processes'),
      course('ME304', 'Design of Machine Elements'),
    ],
    groups: [
      { name: 'A', size: 64, homeRoom: 'C101' },
      { name: 'B', size: 64, homeRoom: 'C102' },
    ],
    laboratory: 'L203',
    theoryTeachers: 6,
    laboratoryTeachers: 3,
  },
];

/** A section to be: which course, for which group, taught by whom (numbers within the department). */
export interface SectionSeed {
  readonly course: number;
  readonly group: number;
  readonly sectionName: 'A' | 'B';
  readonly teacher: number;
  readonly laboratoryTeacher: number;
}

/**
 * The six sections of a department. In the first one the first teacher takes both classes of the
 * first course and the third course, so that the demo's teacher meets group A often.
 */
export function sectionsOf(department: DepartmentSeed): SectionSeed[] {
  const shared = department.theoryTeachers < 6;
  const plan: readonly (readonly [course: number, group: number, sharedTeacher: number])[] = [
    [0, 0, 0],
    [0, 1, 0],
    [1, 0, 2],
    [1, 1, 1],
    [2, 0, 0],
    [3, 1, 1],
  ];
  return plan.map(([courseIndex, group, sharedTeacher], index) => ({
    course: courseIndex,
    group,
    sectionName: group === 0 ? 'A' : 'B',
    teacher: shared ? sharedTeacher : index,
    laboratoryTeacher: department.theoryTeachers + (index % department.laboratoryTeachers),
  }));
}

/** A room; terminals hang in those with `hasTerminal`. */
export interface RoomSeed {
  readonly code: string;
  readonly building: string;
  readonly capacity: number;
  readonly hasTerminal: boolean;
}

const room = (code: string, building: string, capacity: number, hasTerminal = false): RoomSeed => ({
  code,
  building,
  capacity,
  hasTerminal,
});

/** Rooms: one lecture hall per group, a laboratory per department, two halls for extra classes. */
export const ROOMS: readonly RoomSeed[] = [
  room('A101', 'Block A', 80, true),
  room('A102', 'Block A', 80),
  room('B101', 'Block B', 80, true),
  room('B102', 'Block B', 80),
  room('C101', 'Block C', 72, true),
  room('C102', 'Block C', 72),
  room('L201', 'Laboratories', 80, true),
  room('L202', 'Laboratories', 72),
  room('L203', 'Laboratories', 72),
  room('S101', 'Seminar Block', 120, true),
  room('S102', 'Seminar Block', 120),
];

/** Where the buildings stand, a few steps from each other; radii in metres. */
export const BUILDINGS: Readonly<
  Record<string, { readonly lat: number; readonly lng: number; readonly radiusM: number }>
> = {
  'Block A': { lat: 13.0214, lng: 77.567, radiusM: 60 },
  'Block B': { lat: 13.0226, lng: 77.567, radiusM: 60 },
  'Block C': { lat: 13.0238, lng: 77.567, radiusM: 60 },
  Laboratories: { lat: 13.022, lng: 77.5688, radiusM: 120 },
  'Seminar Block': { lat: 13.0233, lng: 77.5688, radiusM: 60 },
};

/** The campus is where the demo runs: the machine itself and any private network around it. */
export const CAMPUS_NETWORKS: readonly { readonly building: string; readonly network: string }[] = [
  { building: 'This machine', network: '127.0.0.0/8' },
  { building: 'This machine', network: '::1/128' },
  { building: 'Campus', network: '10.0.0.0/8' },
  { building: 'Campus', network: '172.16.0.0/12' },
  { building: 'Campus', network: '192.168.0.0/16' },
  { building: 'Campus', network: 'fc00::/7' },
  { building: 'Campus', network: 'fe80::/10' },
];

/**
 * The hall in which the demo shows the strict level. Everywhere else positions are not asked, since
 * whoever tries the demo sits somewhere else in the world and would be outside of every room.
 */
export const STRICT_HALL = 'S102';

/** Halls of the demo's extra classes: the running one, and the one about to open. */
export const EXTRA_HALLS = { running: 'S101', opening: 'S102' } as const;

/** Periods of a day in wall-clock time; ten minutes lie between two, so that windows do not meet. */
export const PERIODS = [
  ['09:00', '09:50'],
  ['10:00', '10:50'],
  ['11:00', '11:50'],
  ['12:00', '12:50'],
  ['14:00', '14:50'],
  ['15:00', '15:50'],
  ['16:00', '16:50'],
] as const;

/** Classes of a section in a week: how many, how many periods each, and what they are. */
export const WEEKLY: readonly { component: Component; classes: number; periods: number }[] = [
  { component: 'L', classes: 3, periods: 1 },
  { component: 'P', classes: 1, periods: 2 },
];

/** Given names, as drawn for students and staff. */
export const FIRST_NAMES: readonly string[] =
  `Aarav Aditi Advait Akash Amrita Ananya Anika Arjun Arnav Asha Bhavana Chetan Deepa Dev Divya Farah
Gauri Gautam Harini Harsha Ishaan Ishita Jaya Kabir Karthik Kavya Keerthi Kiran Lakshmi Leela Madhav
Manoj Meera Mohan Nandini Naveen Neha Nikhil Nisha Omkar Pooja Pranav Priya Rahul Rajesh Ravi Rohan
Sahana Sanjay Sara Shreya Siddharth Sneha Sridhar Sunita Tanvi Tarun Uma Varun Vidya Vikram Yash Zoya`.split(
    /\s+/,
  );

/** Family names, as drawn for students and staff. */
export const LAST_NAMES: readonly string[] =
  `Acharya Bhat Bose Chandra Chatterjee Das Desai Deshmukh Dutta Fernandes Gowda Gupta Hegde Iyer Jain
Joshi Kamath Kapoor Khan Kulkarni Kumar Mathew Mehta Menon Mishra Mukherjee Murthy Naidu Nair Nayak
Pai Patel Patil Pillai Prasad Rao Rastogi Reddy Roy Saxena Sen Shah Sharma Shenoy Shetty Singh Sinha
Srinivasan Subramaniam Thomas Varma Venkatesh Verma Yadav`.split(/\s+/);
