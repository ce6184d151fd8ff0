// What follows the hand: the chosen arms, their order, and the best that reaches the sparsity. The
// statistics come from Python (data.py); state.py selects and sorts in the same way.

const NEAR = 0.0005; // 97.998 % zeros are 98 %: no kernel can be cut into exact hundredths

/** The data of the page, with its arms by name. */
export function planOf(data) {
  const arms = data.arms.map((arm, at) => ({ ...arm, at }));
  const byName = Object.fromEntries(arms.map((arm) => [arm.name, arm]));
  return { data, arms, byName, control: byName[data.control] };
}

export const chosen = (plan, { arms }) => plan.arms.filter(({ name }) => arms.includes(name));
export const networks = (plan, state) => chosen(plan, state).filter(({ linear }) => !linear);
export const reaches = (arm, sparsity) => arm.gone >= sparsity - NEAR;

/** The chosen arms, in the order asked for; those without a value come last. */
export function sortedArms(plan, { sort, ...state }) {
  const arms = chosen(plan, state);
  const falling = sort.startsWith("-");
  const column = falling ? sort.slice(1) : sort;
  if (column === "arm") return falling ? arms.reverse() : arms;
  const valueOf = (arm) => arm.rows[state.measure][column];
  const sign = falling ? -1 : 1;
  const present = arms.filter((arm) => valueOf(arm) !== null)
    .sort((a, b) => sign * (valueOf(a) - valueOf(b)));
  return [...present, ...arms.filter((arm) => valueOf(arm) === null)];
}

/** The best chosen network that reaches the sparsity, or null. */
export function bestOf(plan, state) {
  const { higher } = plan.data.measures[state.measure];
  const meanOf = (arm) => arm.rows[state.measure].mean;
  return networks(plan, state).filter((arm) => reaches(arm, state.sparsity)).reduce((a, b) =>
    (a === null || (higher ? meanOf(b) > meanOf(a) : meanOf(b) < meanOf(a)) ? b : a), null);
}
